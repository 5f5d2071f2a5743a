package io.espalier.model.importance;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Linears;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Keeps what enters and leaves each linear layer while a recorded layer computes. The gradients of the outputs are all
 * that is asked of the engine then: with the inputs they give the weights' gradients, sample by sample.
 */
final class LinearTaps implements Linears {
    /**
     * @param input X [b, t, in]
     * @param output Y [b, t, out]
     */
    record Tap(Linear linear, Tensor input, Tensor output) {}

    private final Linears linears;
    private final Scope owner;
    private final List<Tap> taps = new ArrayList<>();

    /** @param owner of what is kept */
    LinearTaps(Linears linears, Scope owner) {
        this.linears = linears;
        this.owner = owner;
    }

    @Override
    public Tensor apply(Linear linear, Tensor x, Scope scope) {
        Tensor y = linears.apply(linear, x, owner);
        taps.add(new Tap(linear, new Kernels(owner).detached(x), y));
        return new Kernels(scope).alias(y);
    }

    /** In the order they were applied. */
    List<Tap> taps() {
        return List.copyOf(taps);
    }

    /** Whose gradients are wanted: every output, in that order, then x. */
    List<Tensor> outputsAnd(Tensor x) {
        return Stream.concat(taps.stream().map(Tap::output), Stream.of(x)).toList();
    }

    /**
     * What a recorded layer's gradients are made of.
     *
     * @param upstream for each tap the gradient with respect to its output
     * @param below gradient with respect to the layer's input
     */
    record Found(List<Tap> taps, List<Tensor> upstream, Tensor below) {
        /** With a linear layer that was not applied: its gradient is known without. */
        Found and(Linear linear, Tensor input, Tensor above) {
            List<Tap> all = new ArrayList<>(taps);
            all.add(new Tap(linear, input, above));
            List<Tensor> gradients = new ArrayList<>(upstream);
            gradients.add(above);
            return new Found(List.copyOf(all), List.copyOf(gradients), below);
        }
    }

    /** @param gradients with respect to {@link #outputsAnd} */
    Found found(List<Tensor> gradients) {
        int last = gradients.size() - 1;
        return new Found(taps(), gradients.subList(0, last), gradients.get(last));
    }
}
