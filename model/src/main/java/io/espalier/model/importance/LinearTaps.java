package io.espalier.model.importance;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Applies linear layers so that a {@link io.espalier.model.tensor.Recording} holds only the operations between them.
 * The matrix products of the linear layers are not recorded, because the engine would backpropagate through them with
 * slower products. Instead, the input X and the output Y of each linear layer are kept, and {@link #back} computes dX =
 * dY W. {@link LayerGradients} computes the gradient of the weight from X and dY, for each sample.
 */
public final class LinearTaps implements Linears {
    /**
     * One application of a linear layer.
     *
     * @param source the tensor that the linear layer was applied to; linear layers with the same input have the same
     *     object
     * @param input X [b, t, in], with its recorded history
     * @param output Y [b, t, out], a leaf: the recorded history of later operations starts at it
     */
    private record Tap(Linear linear, Tensor source, Tensor input, Tensor output) {}

    private final LayerWeights weights;
    private final Scope owner;
    private final List<Tap> taps = new ArrayList<>();

    /** @param owner scope that owns the kept inputs and outputs and all gradients */
    public LinearTaps(LayerWeights weights, Scope owner) {
        this.weights = weights;
        this.owner = owner;
    }

    @Override
    public Tensor apply(Linear linear, Tensor x, Scope scope) {
        Kernels kernels = new Kernels(owner);
        try (Tensor values = kernels.detached(x);
                Tensor y = weights.apply(linear, values, scope)) {
            Tensor output = kernels.leaf(y);
            taps.add(new Tap(linear, x, kernels.alias(x), output));
            return new Kernels(scope).alias(output);
        }
    }

    /**
     * Backpropagates from a result to its leaves, through every linear layer that was applied in between.
     *
     * @param result computed in the recording
     * @param upstream gradient with respect to the result, of its shape
     * @param leaves that the result was computed from, such as the input of the layer and the weights of its norms
     */
    public Gradients back(Tensor result, Tensor upstream, Tensor... leaves) {
        Gradients gradients = new Gradients(List.of(leaves));
        gradients.backpropagate(result, upstream, taps.size());
        int end = taps.size();
        while (end > 0) {
            int first = end - 1;
            while (first > 0 && taps.get(first - 1).source == taps.get(first).source) {
                first--;
            }
            try (Tensor above = gradients.ofInput(first, end)) {
                gradients.backpropagate(taps.get(first).input, above, first);
            }
            end = first;
        }
        return gradients;
    }

    /** The gradients so far with respect to the outputs of the linear layers and with respect to the leaves. */
    public final class Gradients {
        private final Kernels kernels = new Kernels(owner);
        private final List<Tensor> starts;
        private final List<@Nullable Tensor> found;

        private Gradients(List<Tensor> leaves) {
            starts = Stream.concat(taps.stream().map(Tap::output), leaves.stream())
                    .toList();
            found = new ArrayList<>(Collections.nCopies(starts.size(), null));
        }

        /**
         * Backpropagates through the recorded operations that lead from the outputs of the first {@code count} linear
         * layers, and from the leaves, to a result.
         */
        private void backpropagate(Tensor result, Tensor upstream, int count) {
            List<Integer> from = IntStream.concat(
                            IntStream.range(0, count), IntStream.range(taps.size(), starts.size()))
                    .boxed()
                    .toList();
            List<Tensor> parts = kernels.gradients(
                    result, upstream, from.stream().map(starts::get).toList());
            for (int i = 0; i < parts.size(); i++) {
                add(from.get(i), parts.get(i));
            }
        }

        private void add(int start, Tensor part) {
            @Nullable Tensor before = found.get(start);
            if (before == null || part.elements() == 0) {
                found.set(start, part.elements() == 0 ? before : part);
            } else {
                // Not in place: both addends of a sum have the same gradient, and the engine gives them the same
                // memory.
                found.set(start, kernels.add(before, part));
                before.close();
                part.close();
            }
        }

        /** The gradient Σ dY W with respect to the input that linear layers [first, end) share: [b, t, in]. */
        private Tensor ofInput(int first, int end) {
            Tensor sum = throughWeight(first);
            for (int i = first + 1; i < end; i++) {
                try (Tensor part = throughWeight(i)) {
                    kernels.addInPlace(sum, part);
                }
            }
            return sum;
        }

        private Tensor throughWeight(int tap) {
            return kernels.linearGradient(
                    of(tap), weights.get(taps.get(tap).linear.weight()));
        }

        private Tensor of(int start) {
            return Objects.requireNonNull(found.get(start), "nothing came back");
        }

        /** The gradient with respect to a leaf, by its place among the leaves. */
        public Tensor ofLeaf(int leaf) {
            return of(taps.size() + leaf);
        }

        /** Hands the input and the output's gradient of all linear layers on. */
        public void addTo(GradientSink sums) {
            for (int i = 0; i < taps.size(); i++) {
                Tap tap = taps.get(i);
                try (Tensor input = kernels.detached(tap.input)) {
                    sums.add(tap.linear, input, of(i));
                }
            }
        }
    }
}
