package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.ComputeType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The tensors of one decoder layer and their roles.
 *
 * @param index index of the layer, from 0
 * @param aroundAttention how the attention is attached to the residual stream
 * @param aroundFeedForward how the feed-forward block is attached to the residual stream
 * @param parallel whether the feed-forward block reads what entered the layer, not what the attention left
 */
public record LayerLayout(
        int index,
        LayerShape shape,
        Attention attention,
        Residual aroundAttention,
        FeedForward feedForward,
        Residual aroundFeedForward,
        boolean parallel) {
    public LayerLayout {
        if (parallel && !(aroundAttention.addsUnchanged() && aroundFeedForward.addsUnchanged())) {
            throw new IllegalArgumentException("halves side by side are added to the residual stream as they are");
        }
    }

    /** A layer whose feed-forward block reads what the attention left. */
    LayerLayout(
            int index,
            LayerShape shape,
            Attention attention,
            Residual aroundAttention,
            FeedForward feedForward,
            Residual aroundFeedForward) {
        this(index, shape, attention, aroundAttention, feedForward, aroundFeedForward, false);
    }

    /** This layer with a bias in both output projections, even if the family has none there. */
    LayerLayout withOutputBiases() {
        return with(
                attention.withOutput(attention.output().biased()),
                feedForward.withDown(feedForward.down().biased()));
    }

    private LayerLayout with(Attention other, FeedForward otherFeedForward) {
        return new LayerLayout(index, shape, other, aroundAttention, otherFeedForward, aroundFeedForward, parallel);
    }

    /** All linear layers, in the order in which the data flows. */
    public List<Linear> linears() {
        return ofBothHalves(this::linears);
    }

    /** The linear layers of one half, in the order in which the data flows. The last one is the output projection. */
    public List<Linear> linears(LayerHalf half) {
        boolean first = half == LayerHalf.ATTENTION;
        List<Linear> linears = new ArrayList<>(first ? attention.projections() : feedForward.projections());
        linears.add(outputProjection(half));
        return linears;
    }

    /** The output projections of both halves: the one of the attention, then the down projection. */
    public List<Linear> outputProjections() {
        return Arrays.stream(LayerHalf.values()).map(this::outputProjection).toList();
    }

    /** The number of weights in the linear layers of the larger half. */
    public long weightsOfHalf() {
        return Arrays.stream(LayerHalf.values())
                .mapToLong(half ->
                        linears(half).stream().mapToLong(Linear::weights).sum())
                .max()
                .orElseThrow();
    }

    /**
     * The output projection of a half. For the attention it is the projection of the concatenated heads, for the
     * feed-forward block the down projection. Units of the half reach the residual stream only through it.
     */
    public Linear outputProjection(LayerHalf half) {
        return half == LayerHalf.ATTENTION ? attention.output() : feedForward.down();
    }

    /** How a half is attached to the residual stream. */
    public Residual around(LayerHalf half) {
        return half == LayerHalf.ATTENTION ? aroundAttention : aroundFeedForward;
    }

    /** All tensors of the layer. */
    public List<Parameter> parameters() {
        return ofBothHalves(this::parameters);
    }

    /** All tensors of one half. */
    public List<Parameter> parameters(LayerHalf half) {
        List<Parameter> parameters = new ArrayList<>();
        around(half).norms().forEach(norm -> parameters.addAll(norm.parameters()));
        if (half == LayerHalf.ATTENTION) {
            attention.norms().forEach(norm -> parameters.addAll(norm.parameters()));
        }
        for (Linear linear : linears(half)) {
            parameters.add(linear.weight());
            Parameter bias = linear.bias();
            if (bias != null) {
                parameters.add(bias);
            }
        }
        return parameters;
    }

    private static <T> List<T> ofBothHalves(Function<LayerHalf, List<T>> parts) {
        return Arrays.stream(LayerHalf.values())
                .flatMap(half -> parts.apply(half).stream())
                .toList();
    }

    /** The bytes of all tensors of the layer, stored in a type. */
    long bytes(ComputeType type) {
        return Arrays.stream(LayerHalf.values())
                .mapToLong(half -> bytes(half, type))
                .sum();
    }

    /** The bytes of all tensors of one half, stored in a type. */
    long bytes(LayerHalf half, ComputeType type) {
        return parameters(half).stream()
                .mapToLong(parameter -> parameter.elements() * type.bytes())
                .sum();
    }

    /**
     * The most bytes that the activations of one token need in this layer.
     *
     * @param hiddenSize d
     */
    long activationBytes(int hiddenSize) {
        long heads = shape.headDim() * (2L * shape.heads() + 2L * shape.kvHeads());
        long states = parallel ? 5 : 4;
        return Float.BYTES * (states * hiddenSize + Math.max(heads, 3L * shape.ffnChannels()));
    }

    /** The bytes of attention scores for windows of t tokens, see {@link AttentionScores#blockBytes}. */
    long scoreBytes(int t) {
        return attention.scores().blockBytes(shape.heads(), t);
    }

    /** The bytes of one window's attention scores that are kept for backpropagation. */
    long recordedScoreBytes(int t) {
        return attention.scores().recordedBytes(shape.heads(), t);
    }

    /**
     * This layout for weights of which only some attention units are left.
     *
     * @param units indices of the units that are left, ascending
     */
    public LayerLayout keepingAttention(int[] units) {
        return with(attention.keeping(units), feedForward);
    }
}
