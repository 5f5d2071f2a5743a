package io.espalier.model.recovery;

import io.espalier.model.importance.GradientSink;
import io.espalier.model.importance.LinearTaps;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/**
 * A decoder layer that backpropagates through itself: both halves of a chunk's forward pass are recorded, and the gradient
 * goes back from the layer's output to its input.
 *
 * @param weights read by {@link LayerWeights#readRecordable(io.espalier.model.checkpoint.Checkpoint, LayerLayout,
 *     io.espalier.model.tensor.Arena)}
 */
record RecordedLayer(LayerLayout layer, LayerWeights weights) {
    /** One half, recorded from its leaves to its output. The first leaf is its input, the others are norms. */
    private record Half(LinearTaps taps, Tensor output, List<Parameter> norms, Tensor... leaves) {
        LinearTaps.Gradients back(Tensor upstream) {
            return taps.back(output, upstream, leaves);
        }

        void addTo(GradientSink linears, BiConsumer<Parameter, Tensor> ofNorms, LinearTaps.Gradients found) {
            found.addTo(linears);
            for (int i = 0; i < norms.size(); i++) {
                ofNorms.accept(norms.get(i), found.ofLeaf(i + 1));
            }
        }
    }

    /**
     * Takes a chunk forward and a gradient back.
     *
     * @param x input [b, t, d]
     * @param upstream gives the gradient with respect to the output, from the output [b, t, d]
     * @param linears receives what comes back to the linear layers
     * @param norms receives the gradient of each parameter that belongs to no linear layer
     * @return the gradient with respect to x, in {@code target}
     */
    Tensor back(
            Tensor x,
            UnaryOperator<Tensor> upstream,
            GradientSink linears,
            BiConsumer<Parameter, Tensor> norms,
            Scope target) {
        try (Scope pass = Scope.open();
                LayerWeights leaves = LayerWeights.none()) {
            Kernels kernels = new Kernels(pass);
            Half attention;
            Half feedForward;
            LinearTaps.Gradients ofAttention;
            LinearTaps.Gradients ofFeedForward;
            Tensor above;
            try (Recording recording = Recording.open()) {
                attention = record(LayerHalf.ATTENTION, x, leaves, pass);
                Tensor between = layer.parallel() ? x : kernels.detached(attention.output);
                feedForward = record(LayerHalf.FEED_FORWARD, between, leaves, pass);
                above = upstream.apply(output(x, attention, feedForward, kernels));
                ofFeedForward = feedForward.back(above);
                ofAttention = attention.back(layer.parallel() ? above : ofFeedForward.ofLeaf(0));
            }
            feedForward.addTo(linears, norms, ofFeedForward);
            attention.addTo(linears, norms, ofAttention);
            Kernels kept = new Kernels(target);
            if (!layer.parallel()) {
                return kept.copy(ofAttention.ofLeaf(0));
            }
            // Both halves hold the gradient that goes past them.
            Tensor sum = kept.add(ofAttention.ofLeaf(0), ofFeedForward.ofLeaf(0));
            kernels.addInPlace(sum, kernels.scaled(above, -1));
            return sum;
        }
    }

    private Tensor output(Tensor x, Half attention, Half feedForward, Kernels kernels) {
        Tensor y = kernels.detached(feedForward.output);
        if (layer.parallel()) {
            // Each half added its own output to x.
            kernels.addInPlace(y, kernels.add(kernels.detached(attention.output), kernels.scaled(x, -1)));
        }
        return y;
    }

    private Half record(LayerHalf half, Tensor x, LayerWeights leaves, Scope pass) {
        Kernels kernels = new Kernels(pass);
        List<Parameter> norms = norms(half);
        List<Tensor> starts = new ArrayList<>();
        starts.add(kernels.variable(x));
        for (Parameter norm : norms) {
            Tensor leaf = kernels.leaf(weights.get(norm));
            starts.add(leaf);
            leaves.put(norm, kernels.alias(leaf));
        }
        LinearTaps taps = new LinearTaps(weights, pass);
        Tensor output = new DecoderLayer(layer, leaves, taps).through(half, starts.get(0), pass);
        return new Half(taps, output, norms, starts.toArray(Tensor[]::new));
    }

    /** The parameters of a half that belong to no linear layer. */
    private List<Parameter> norms(LayerHalf half) {
        List<Parameter> ofLinears = new ArrayList<>();
        for (Linear linear : layer.linears(half)) {
            ofLinears.add(linear.weight());
            Parameter bias = linear.bias();
            if (bias != null) {
                ofLinears.add(bias);
            }
        }
        return layer.parameters(half).stream()
                .filter(parameter -> !ofLinears.contains(parameter))
                .toList();
    }
}
