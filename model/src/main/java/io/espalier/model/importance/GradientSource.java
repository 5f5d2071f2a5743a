package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;

/** Gives dL/dW of a linear layer, or an estimate of it. */
@FunctionalInterface
public interface GradientSource {
    /** @return [out, in], valid until {@code scope} closes */
    Tensor gradient(Linear linear, Scope scope);

    /**
     * Mean over the calibration samples of the squared gradient of each sample's own mean loss.
     *
     * @return A [out, in], valid until {@code scope} closes
     * @throws EspalierException {@code INVALID_ARGUMENT} when the source knows no single samples
     */
    default Tensor squaredGradient(Linear linear, Scope scope) {
        throw new EspalierException(
                ErrorCode.INVALID_ARGUMENT,
                "scoring.gradient.source: the criterion needs each sample's gradient; only backprop gives it");
    }

    /** Samples behind {@link #squaredGradient}. */
    default int samples() {
        return 0;
    }
}
