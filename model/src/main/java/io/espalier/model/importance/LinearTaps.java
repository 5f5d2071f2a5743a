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
 * Cuts the record of a layer at its linear layers: keeps what enters and leaves each, and leads gradients back through all
 * that lies between. Products are not recorded, because the engine would lead back through them with slower ones; with the
 * gradients of the outputs the inputs also give the weights' gradients, sample by sample.
 */
final class LinearTaps implements Linears {
    /**
     * @param shown what the linear layer was applied to: the same for those of one input
     * @param input X [b, t, in], recorded
     * @param output Y [b, t, out], with which a record begins
     */
    private record Tap(Linear linear, Tensor shown, Tensor input, Tensor output) {}

    private final LayerWeights weights;
    private final Scope owner;
    private final List<Tap> taps = new ArrayList<>();

    /** @param owner of what is kept */
    LinearTaps(LayerWeights weights, Scope owner) {
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
     * Leads a gradient back to x, through every linear layer that was applied since.
     *
     * @param result recorded from x on
     * @param upstream gradient with respect to it
     */
    Gradients back(Tensor result, Tensor upstream, Tensor x) {
        Gradients gradients = new Gradients(x);
        gradients.lead(result, upstream, taps.size());
        int end = taps.size();
        while (end > 0) {
            int first = end - 1;
            while (first > 0 && taps.get(first - 1).shown == taps.get(first).shown) {
                first--;
            }
            try (Tensor above = gradients.ofInput(first, end)) {
                gradients.lead(taps.get(first).input, above, first);
            }
            end = first;
        }
        return gradients;
    }

    /** What has come back so far: to the linear layers' outputs, and to x. */
    final class Gradients {
        private final Kernels kernels = new Kernels(owner);
        private final List<Tensor> starts;
        private final List<@Nullable Tensor> found;

        private Gradients(Tensor x) {
            starts = Stream.concat(taps.stream().map(Tap::output), Stream.of(x)).toList();
            found = new ArrayList<>(Collections.nCopies(starts.size(), null));
        }

        /** Through what was recorded between the outputs of the first {@code count} linear layers, or x, and a result. */
        private void lead(Tensor result, Tensor upstream, int count) {
            List<Integer> from = IntStream.concat(IntStream.range(0, count), IntStream.of(taps.size()))
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
                kernels.addInPlace(before, part);
                part.close();
            }
        }

        /** Σ dY W over linear layers of one input. */
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

        /** With respect to x. */
        Tensor below() {
            return of(taps.size());
        }

        /** Adds the weights' gradients of all linear layers to their sums. */
        void addTo(LayerGradients sums) {
            for (int i = 0; i < taps.size(); i++) {
                Tap tap = taps.get(i);
                try (Tensor input = kernels.detached(tap.input)) {
                    sums.add(tap.linear, input, of(i));
                }
            }
        }
    }
}
