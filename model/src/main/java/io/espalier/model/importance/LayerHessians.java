package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import java.util.HashMap;
import java.util.Map;

/**
 * The Hessians {@code H = XᵀX} of some linear layers of one decoder layer, where X [tokens, in] is a linear layer's
 * input over all calibration tokens. {@link #close} frees them.
 */
public final class LayerHessians implements AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, GramSystem> byModule = new HashMap<>();

    /**
     * Zero Hessians for a layer's output projection and down projection. A unit reaches the residual stream only
     * through its columns in one of them.
     */
    public static LayerHessians of(LayerLayout layer) {
        LayerHessians hessians = new LayerHessians();
        for (Linear linear : layer.outputProjections()) {
            hessians.byModule.put(linear.module(), GramSystem.zeros(linear.inputs(), hessians.scope));
        }
        return hessians;
    }

    private LayerHessians() {}

    /**
     * Adds xᵀx to the Hessian of a linear layer. Linear layers without a Hessian are ignored.
     *
     * @param x input of the linear layer, [b, t, in]
     */
    public void add(Linear linear, Tensor x) {
        GramSystem gram = byModule.get(linear.module());
        if (gram != null) {
            gram.add(x);
        }
    }

    /**
     * The Hessian of a linear layer, [in, in].
     *
     * @throws EspalierException {@code INTERNAL} when the linear layer has no Hessian here
     */
    public GramSystem of(Linear linear) {
        GramSystem gram = byModule.get(linear.module());
        if (gram == null) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "score: no Hessian of " + linear.module() + "; collect it too");
        }
        return gram;
    }

    @Override
    public void close() {
        scope.close();
    }
}
