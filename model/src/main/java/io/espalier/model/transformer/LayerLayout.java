package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.ComputeType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of one decoder layer and their roles.
 *
 * @param index index of the layer, from 0
 * @param attentionNorm norm of the attention's input
 * @param postAttentionNorm norm of the attention's output, before it is added to the residual stream; null for none
 * @param feedForwardNorm norm of the feed-forward block's input
 * @param postFeedForwardNorm norm of the feed-forward block's output, before it is added to the residual stream; null for
 *     none
 */
public record LayerLayout(
        int index,
        LayerShape shape,
        Norm attentionNorm,
        Attention attention,
        @Nullable Norm postAttentionNorm,
        Norm feedForwardNorm,
        FeedForward feedForward,
        @Nullable Norm postFeedForwardNorm) {
    /** A layer with a norm before each half and none after it. */
    LayerLayout(
            int index,
            LayerShape shape,
            Norm attentionNorm,
            Attention attention,
            Norm feedForwardNorm,
            FeedForward feedForward) {
        this(index, shape, attentionNorm, attention, null, feedForwardNorm, feedForward, null);
    }

    /** This layer with a bias in both output projections, even if the family has none there. */
    LayerLayout withOutputBiases() {
        return new LayerLayout(
                index,
                shape,
                attentionNorm,
                attention.withOutput(attention.output().biased()),
                postAttentionNorm,
                feedForwardNorm,
                feedForward.withDown(feedForward.down().biased()),
                postFeedForwardNorm);
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

    /** Whether the output of a half's output projection is added to the residual stream without a norm. */
    public boolean addsWithoutNorm(LayerHalf half) {
        return (half == LayerHalf.ATTENTION ? postAttentionNorm : postFeedForwardNorm) == null;
    }

    /** All tensors of the layer. */
    public List<Parameter> parameters() {
        return ofBothHalves(this::parameters);
    }

    /** All tensors of one half. */
    public List<Parameter> parameters(LayerHalf half) {
        List<Parameter> parameters = new ArrayList<>();
        norms(half).forEach(norm -> parameters.addAll(norm.parameters()));
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
        return Float.BYTES * (4L * hiddenSize + Math.max(heads, 3L * shape.ffnChannels()));
    }

    /** The bytes of attention scores for windows of t tokens, see {@link AttentionScores#blockBytes}. */
    long scoreBytes(int t) {
        return attention.scores().blockBytes(shape.heads(), t);
    }

    /** The bytes of one window's attention scores that are kept for backpropagation. */
    long recordedScoreBytes(int t) {
        return attention.scores().recordedBytes(shape.heads(), t);
    }

    private Stream<Norm> norms(LayerHalf half) {
        boolean first = half == LayerHalf.ATTENTION;
        Stream<@Nullable Norm> around =
                first ? Stream.of(attentionNorm, postAttentionNorm) : Stream.of(feedForwardNorm, postFeedForwardNorm);
        List<Norm> inside = first ? attention.norms() : List.of();
        return Stream.concat(around.filter(Objects::nonNull).map(Objects::requireNonNull), inside.stream());
    }

    /**
     * This layout for weights of which only some attention units are left.
     *
     * @param units indices of the units that are left, ascending
     */
    public LayerLayout keepingAttention(int[] units) {
        return new LayerLayout(
                index,
                shape,
                attentionNorm,
                attention.keeping(units),
                postAttentionNorm,
                feedForwardNorm,
                feedForward,
                postFeedForwardNorm);
    }
}
