package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;

/** Feed-forward block: it widens the hidden state to its channels, bends them, and narrows them down again. */
public sealed interface FeedForward {
    /** The linear layers that read the normalised hidden state; rows: FFN channels. */
    List<Linear> projections();

    /** Columns: FFN channels. */
    Linear down();

    /** Whether a gate multiplies what the up projection gives. */
    boolean gated();

    /** The same with another down projection. */
    FeedForward withDown(Linear other);

    /**
     * @param x normalised hidden state [b, t, d]
     * @return what enters the down projection, [b, t, f]
     */
    Tensor activate(Tensor x, Linears linears, Scope scope);

    /** {@code down(activation(up(x)))} */
    record Plain(Linear up, Activation activation, Linear down) implements FeedForward {
        @Override
        public boolean gated() {
            return false;
        }

        @Override
        public FeedForward withDown(Linear other) {
            return new Plain(up, activation, other);
        }

        @Override
        public List<Linear> projections() {
            return List.of(up);
        }

        @Override
        public Tensor activate(Tensor x, Linears linears, Scope scope) {
            return new Kernels(scope).activation(linears.apply(up, x, scope), activation.kernel());
        }
    }

    /** {@code down(activation(gate(x)) · up(x))} */
    record Gated(Linear gate, Linear up, Activation activation, Linear down) implements FeedForward {
        @Override
        public boolean gated() {
            return true;
        }

        @Override
        public FeedForward withDown(Linear other) {
            return new Gated(gate, up, activation, other);
        }

        @Override
        public List<Linear> projections() {
            return List.of(gate, up);
        }

        @Override
        public Tensor activate(Tensor x, Linears linears, Scope scope) {
            return new Kernels(scope)
                    .gated(linears.apply(gate, x, scope), linears.apply(up, x, scope), activation.kernel());
        }
    }

    /**
     * {@link Gated} with both projections in one matrix.
     *
     * @param gateUp rows: FFN channels of the gate, then the same of up
     */
    record GatedStacked(Linear gateUp, Activation activation, Linear down) implements FeedForward {
        @Override
        public boolean gated() {
            return true;
        }

        @Override
        public FeedForward withDown(Linear other) {
            return new GatedStacked(gateUp, activation, other);
        }

        @Override
        public List<Linear> projections() {
            return List.of(gateUp);
        }

        @Override
        public Tensor activate(Tensor x, Linears linears, Scope scope) {
            Kernels kernels = new Kernels(scope);
            List<Tensor> parts = kernels.splitShares(linears.apply(gateUp, x, scope), 1, 1);
            return kernels.gated(parts.get(0), parts.get(1), activation.kernel());
        }
    }
}
