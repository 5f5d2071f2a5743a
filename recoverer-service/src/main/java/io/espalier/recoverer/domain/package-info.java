/**
 * What a recovery is: the plan of a job and the work of its tasks. The dense model teaches, layers learn alone, then adapters learn
 * through all of them; each step stages the checkpoint once more, and only the last one is committed. Knows no framework.
 */
@org.jspecify.annotations.NullMarked
package io.espalier.recoverer.domain;
