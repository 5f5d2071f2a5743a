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
 * The tensors of one decoder layer and what they do.
 *
 * @param index of the layer, from 0
 * @param attentionNorm before the attention
 * @param attendedNorm of what the attention gives, before it is added
 * @param feedForwardNorm before the feed-forward block
 * @param fedNorm of what the feed-forward block gives, before it is added
 */
public record LayerLayout(
        int index,
        LayerShape shape,
        Norm attentionNorm,
        Attention attention,
        @Nullable Norm attendedNorm,
        Norm feedForwardNorm,
        FeedForward feedForward,
        @Nullable Norm fedNorm) {
    /** With norms before each half alone. */
    LayerLayout(
            int index,
            LayerShape shape,
            Norm attentionNorm,
            Attention attention,
            Norm feedForwardNorm,
            FeedForward feedForward) {
        this(index, shape, attentionNorm, attention, null, feedForwardNorm, feedForward, null);
    }

    /** With a bias where the units of the layer speak, though the family has none there. */
    LayerLayout withOutputBiases() {
        return new LayerLayout(
                index,
                shape,
                attentionNorm,
                attention.withOutput(attention.output().biased()),
                attendedNorm,
                feedForwardNorm,
                feedForward.withDown(feedForward.down().biased()),
                fedNorm);
    }

    /** Every linear layer, in the order the data flows. */
    public List<Linear> linears() {
        return ofBothHalves(this::linears);
    }

    /** Those of one half, in the order the data flows: the last one adds to the hidden state. */
    public List<Linear> linears(LayerHalf half) {
        boolean first = half == LayerHalf.ATTENTION;
        List<Linear> linears = new ArrayList<>(first ? attention.projections() : feedForward.projections());
        linears.add(last(half));
        return linears;
    }

    /** The linear layers through which its units speak: of the heads, then of the channels. */
    public List<Linear> outputProjections() {
        return Arrays.stream(LayerHalf.values()).map(this::last).toList();
    }

    /** Weights of the linear layers of its larger half. */
    public long weightsOfHalf() {
        return Arrays.stream(LayerHalf.values())
                .mapToLong(half ->
                        linears(half).stream().mapToLong(Linear::weights).sum())
                .max()
                .orElseThrow();
    }

    /** The linear layer through which a half speaks. */
    public Linear last(LayerHalf half) {
        return half == LayerHalf.ATTENTION ? attention.output() : feedForward.down();
    }

    /** Whether what the last linear layer of a half gives is added as it is. */
    public boolean addsPlainly(LayerHalf half) {
        return (half == LayerHalf.ATTENTION ? attendedNorm : fedNorm) == null;
    }

    /** Every tensor. */
    public List<Parameter> parameters() {
        return ofBothHalves(this::parameters);
    }

    /** Every tensor of one half. */
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

    /** Bytes of its tensors in a type. */
    long bytes(ComputeType type) {
        return Arrays.stream(LayerHalf.values())
                .mapToLong(half -> bytes(half, type))
                .sum();
    }

    /** Bytes of the tensors of one half in a type. */
    long bytes(LayerHalf half, ComputeType type) {
        return parameters(half).stream()
                .mapToLong(parameter -> parameter.elements() * type.bytes())
                .sum();
    }

    /**
     * Bytes that one token's activations take in this layer, at most.
     *
     * @param hiddenSize d
     */
    long activationBytes(int hiddenSize) {
        long heads = shape.headDim() * (2L * shape.heads() + 2L * shape.kvHeads());
        return Float.BYTES * (4L * hiddenSize + Math.max(heads, 3L * shape.ffnChannels()));
    }

    /** Bytes that scores of windows of t tokens take at once; see {@link AttentionScores#blockBytes}. */
    long scoreBytes(int t) {
        return attention.scores().blockBytes(shape.heads(), t);
    }

    /** Bytes of one window's scores that are kept for the way back. */
    long recordedScoreBytes(int t) {
        return attention.scores().recordedBytes(shape.heads(), t);
    }

    private Stream<Norm> norms(LayerHalf half) {
        boolean first = half == LayerHalf.ATTENTION;
        Stream<@Nullable Norm> around =
                first ? Stream.of(attentionNorm, attendedNorm) : Stream.of(feedForwardNorm, fedNorm);
        List<Norm> inside = first ? attention.norms() : List.of();
        return Stream.concat(around.filter(Objects::nonNull).map(Objects::requireNonNull), inside.stream());
    }

    /**
     * To compute with this layer's weights once only some of its attention units are left.
     *
     * @param units that stay, ascending
     */
    public LayerLayout keepingAttention(int[] units) {
        return new LayerLayout(
                index,
                shape,
                attentionNorm,
                attention.keeping(units),
                attendedNorm,
                feedForwardNorm,
                feedForward,
                fedNorm);
    }
}
