package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;

/**
 * Gated feed-forward block, {@code down(silu(gate(x)) · up(x))}.
 *
 * @param gate rows: FFN channels
 * @param up rows: FFN channels
 * @param down columns: FFN channels
 */
public record FeedForward(Linear gate, Linear up, Linear down) {
    /** The linear layers that read the normalised hidden state. */
    public List<Linear> projections() {
        return List.of(gate, up);
    }

    /**
     * @param x normalised hidden state [b, t, d]
     * @return what enters the down projection, [b, t, f]
     */
    Tensor activate(Tensor x, Linears linears, Scope scope) {
        return new Kernels(scope).siluGate(linears.apply(gate, x, scope), linears.apply(up, x, scope));
    }
}
