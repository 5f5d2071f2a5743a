package io.espalier.model.importance;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.List;

/** Gives the gradient dL/dW of a linear layer's weight, or an estimate of it. L is the mean loss in nats per token. */
@FunctionalInterface
public interface GradientSource {
    String ZEROTH_ORDER = "zeroth-order";
    String BACKPROP = "backprop";

    /** The names of the gradient sources in requests. */
    List<String> NAMES = List.of(ZEROTH_ORDER, BACKPROP);

    /**
     * The gradient dL/dW or its estimate.
     *
     * @return fp32 [out, in], valid until {@code scope} closes
     */
    Tensor gradient(Linear linear, Scope scope);

    /**
     * The mean of the squared gradients of all calibration samples. A sample's gradient is that of its own mean loss.
     *
     * @return A, fp32 [out, in], valid until {@code scope} closes
     * @throws EspalierException {@code INVALID_ARGUMENT} when the source does not know the gradients of single samples
     */
    default Tensor squaredGradient(Linear linear, Scope scope) {
        throw onlyBackprop("each sample's gradient");
    }

    /**
     * The norm over all calibration tokens of the gradient with respect to each output feature,
     * {@code r_i = ‖dL/dY_i‖₂}.
     *
     * @return r, [out]
     * @throws EspalierException {@code INVALID_ARGUMENT} when the source does not know the gradients of outputs
     */
    default double[] outputNorms(Linear linear) {
        throw onlyBackprop("the gradient of outputs");
    }

    /** The number of samples over which {@link #squaredGradient} is the mean; 0 when the source has none. */
    default int samples() {
        return 0;
    }

    private static EspalierException onlyBackprop(String what) {
        return new InvalidSetting(Setting.GRADIENT_SOURCE, "the criterion needs " + what + "; only backprop gives it");
    }
}
