/** What pruning is: the plan of a job and the work of its tasks. Knows no framework. */
@org.jspecify.annotations.NullMarked
package io.espalier.pruner.domain;
