/** The rules of scoring: the plan of a job and the work of its tasks. This package depends on no framework. */
@org.jspecify.annotations.NullMarked
package io.espalier.scorer.domain;
