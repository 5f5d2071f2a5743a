/** Exports of checkpoints outside a job. */
@org.jspecify.annotations.NullMarked
package io.espalier.pruner.export;
