package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;

/**
 * The feed-forward block (FFN): an up projection from the hidden size d to the f FFN channels, an activation function,
 * optionally with a gate (Shazeer, 2020), and a down projection back to d.
 */
public sealed interface FeedForward {
    /** The linear layers that read the normalised hidden states. Their rows are FFN channels. */
    List<Linear> projections();

    /** The down projection. Its columns are FFN channels. */
    Linear down();

    /** Whether an activated gate multiplies the output of the up projection. */
    boolean gated();

    /** This block with another down projection. */
    FeedForward withDown(Linear other);

    /**
     * Computes the FFN activations, the input of the down projection.
     *
     * @param x normalised hidden states [b, t, d]
     * @return [b, t, f]
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
     * {@link Gated} with gate and up projection in one matrix.
     *
     * @param gateUp rows: the FFN channels of the gate, then those of the up projection
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
