package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.ArtifactStore;

/**
 * What the jobs of an installation may use. 0 is no limit.
 *
 * @param parameters of the largest model that is pruned
 * @param storedBytes in the artifact store; where it holds as many, no job begins
 */
public record Quota(long parameters, long storedBytes) {
    /** @throws EspalierException {@code QUOTA_EXCEEDED} */
    public void checkStored(ArtifactStore artifacts) {
        if (storedBytes == 0) {
            return;
        }
        long stored = artifacts.bytes();
        if (stored >= storedBytes) {
            throw exceeded("the artifact store holds %,d bytes of %,d (espalier.quota.stored-bytes); delete artifacts"
                    .formatted(stored, storedBytes));
        }
    }

    /**
     * @param model parameters of the model to prune
     * @throws EspalierException {@code QUOTA_EXCEEDED}
     */
    public void checkModel(long model) {
        if (parameters != 0 && model > parameters) {
            throw exceeded(
                    "model: has %,d parameters, here one may have %,d (espalier.quota.parameters); choose a smaller one"
                            .formatted(model, parameters));
        }
    }

    private static EspalierException exceeded(String message) {
        return new EspalierException(ErrorCode.QUOTA_EXCEEDED, message + "; then send the request under a new id");
    }
}
