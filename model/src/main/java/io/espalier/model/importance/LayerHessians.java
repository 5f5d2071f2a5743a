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

/** {@code H = XᵀX} over all calibration tokens for some linear layers of one decoder layer; gone when closed. */
public final class LayerHessians implements AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, GramSystem> byModule = new HashMap<>();

    /** Of the two linear layers through which the units of a layer speak. */
    public static LayerHessians of(LayerLayout layer) {
        LayerHessians hessians = new LayerHessians();
        for (Linear linear : layer.outputProjections()) {
            hessians.byModule.put(linear.module(), GramSystem.zeros(linear.inputs(), hessians.scope));
        }
        return hessians;
    }

    private LayerHessians() {}

    /**
     * Passes over the other linear layers.
     *
     * @param x [b, t, in]
     */
    public void add(Linear linear, Tensor x) {
        GramSystem gram = byModule.get(linear.module());
        if (gram != null) {
            gram.add(x);
        }
    }

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
