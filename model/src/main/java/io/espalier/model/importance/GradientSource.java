package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.List;

/** Gives dL/dW of a linear layer, or an estimate of it. */
@FunctionalInterface
public interface GradientSource {
    String ZEROTH_ORDER = "zeroth-order";
    String BACKPROP = "backprop";

    /** As in a request. */
    List<String> NAMES = List.of(ZEROTH_ORDER, BACKPROP);

    /** @return [out, in], valid until {@code scope} closes */
    Tensor gradient(Linear linear, Scope scope);

    /**
     * Mean over the calibration samples of the squared gradient of each sample's own mean loss.
     *
     * @return A [out, in], valid until {@code scope} closes
     * @throws EspalierException {@code INVALID_ARGUMENT} when the source knows no single samples
     */
    default Tensor squaredGradient(Linear linear, Scope scope) {
        throw onlyBackprop("each sample's gradient");
    }

    /**
     * {@code r_i = ‖dL/dY_i‖₂} over all calibration tokens.
     *
     * @return [out]
     * @throws EspalierException {@code INVALID_ARGUMENT} when the source knows no gradients of outputs
     */
    default double[] outputNorms(Linear linear) {
        throw onlyBackprop("the gradient of outputs");
    }

    /** Samples behind {@link #squaredGradient}. */
    default int samples() {
        return 0;
    }

    private static EspalierException onlyBackprop(String what) {
        return new InvalidSetting(Setting.GRADIENT_SOURCE, "the criterion needs " + what + "; only backprop gives it");
    }
}
