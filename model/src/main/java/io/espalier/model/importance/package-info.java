/** What a unit is worth: input statistics, gradient sources and the criteria that use them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.importance;
