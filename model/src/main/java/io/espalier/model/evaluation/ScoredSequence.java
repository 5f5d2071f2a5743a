package io.espalier.model.evaluation;

/**
 * Token ids, of which the last are judged behind the first.
 *
 * @param ids [t], t at least 2
 * @param scored how many of the last ids are judged, from 1 to t − 1
 */
public record ScoredSequence(int[] ids, int scored) {}
