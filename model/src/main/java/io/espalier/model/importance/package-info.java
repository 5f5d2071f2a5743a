/** The importance of units: input statistics, gradient sources, Hessians and the criteria that use them. */
@org.jspecify.annotations.NullMarked
package io.espalier.model.importance;
