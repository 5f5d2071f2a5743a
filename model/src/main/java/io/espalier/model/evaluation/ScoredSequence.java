package io.espalier.model.evaluation;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;

/**
 * Token ids, of which the last are judged behind the first.
 *
 * @param ids [t], t at least 2
 * @param scored how many of the last ids are judged, from 1 to t − 1
 */
public record ScoredSequence(int[] ids, int scored) {
    /**
     * @param vocabulary number of token ids of the model
     * @throws EspalierException {@code INVALID_ARGUMENT} for an id that the model does not have
     */
    public static ScoredSequence of(int[] ids, int scored, int vocabulary) {
        for (int id : ids) {
            if (id >= vocabulary) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "token id %d is outside the model's vocabulary of %d; the tokenizer belongs to another model"
                                .formatted(id, vocabulary));
            }
        }
        return new ScoredSequence(ids, scored);
    }
}
