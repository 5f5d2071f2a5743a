package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code H = XᵀX} over all calibration tokens for some linear layers of one decoder layer; gone when closed. */
public final class LayerHessians implements AutoCloseable {
    private final Scope scope = Scope.open();
    private final Map<String, Tensor> byModule = new HashMap<>();

    /** Of the two linear layers through which the units of a layer speak. */
    static LayerHessians of(LayerLayout layer) {
        LayerHessians hessians = new LayerHessians();
        for (Linear linear :
                List.of(layer.attention().output(), layer.feedForward().down())) {
            hessians.byModule.put(linear.module(), new Kernels(hessians.scope).zeros(linear.inputs(), linear.inputs()));
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
        Tensor gram = byModule.get(linear.module());
        if (gram != null) {
            new Kernels(scope).accumulateGram(gram, x);
        }
    }

    /** @return [in, in] */
    public Tensor of(Linear linear) {
        Tensor gram = byModule.get(linear.module());
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
