/** What a job would do, asked outside a job. */
@org.jspecify.annotations.NullMarked
package io.espalier.scorer.check;
