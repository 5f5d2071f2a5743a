package io.espalier.model.export;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Rope;
import io.espalier.model.export.GgufArchitecture.Biases;
import io.espalier.model.export.GgufArchitecture.Pairs;
import io.espalier.model.export.GgufArchitecture.Trait;
import io.espalier.model.transformer.Attention;
import io.espalier.model.transformer.AttentionScores;
import io.espalier.model.transformer.Embedding;
import io.espalier.model.transformer.FeedForward;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.Norm;
import io.espalier.model.transformer.Output;
import io.espalier.model.transformer.QueryKeyValue;
import io.espalier.model.transformer.Rotation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a model computes with what an architecture of llama.cpp computes. Everything in which the two can differ is
 * looked at, since llama.cpp ignores what it does not know.
 */
final class GgufFit {
    private static final Set<Integer> GEMMA2_LAYERS = Set.of(26, 42, 46);

    private final GgufArchitecture architecture;
    private final ModelLayout model;
    private final Set<String> zeros;

    private GgufFit(GgufArchitecture architecture, ModelLayout model, Set<String> zeros) {
        this.architecture = architecture;
        this.model = model;
        this.zeros = zeros;
    }

    /** Why shapes of layers cannot be written for an architecture; empty if they can. */
    static Optional<String> refusal(GgufArchitecture architecture, int hiddenSize, List<LayerShape> shapes) {
        LayerShape first = shapes.get(0);
        for (int layer = 0; layer < shapes.size(); layer++) {
            LayerShape shape = shapes.get(layer);
            if (shape.headDim() != first.headDim()) {
                return Optional.of("layer %d: has heads of size %d, layer 0 of %d, and llama.cpp knows one size"
                        .formatted(layer, shape.headDim(), first.headDim()));
            }
            if (!architecture.has(Trait.LAYERS_DIFFER)
                    && !shape.in(first.attentionUnit()).equals(first)) {
                return Optional.of(
                        "layer %d: has another shape than layer 0, which the architecture %s cannot say; prune to a uniform shape"
                                .formatted(layer, architecture.name()));
            }
            if (architecture.has(Trait.WHOLE_HEADS) && shape.heads() * shape.headDim() != hiddenSize) {
                return Optional.of(
                        "layer %d: %d heads of size %d do not fill the hidden size %d, as those of the architecture %s must; keep all heads"
                                .formatted(layer, shape.heads(), shape.headDim(), hiddenSize, architecture.name()));
            }
        }
        return Optional.empty();
    }

    /**
     * Why a model whose shapes fit cannot be written for an architecture; empty if it can.
     *
     * @param zeros names of biases that are zero
     */
    static Optional<String> refusal(GgufArchitecture architecture, ModelLayout model, Set<String> zeros) {
        return Optional.ofNullable(new GgufFit(architecture, model, zeros).refusal());
    }

    private @Nullable String refusal() {
        String around = firstOf(
                embedding(model.embedding()),
                output(model.output()),
                layers(),
                GgufWindows.refusal(architecture, model).orElse(null));
        if (around != null) {
            return around;
        }
        for (LayerLayout layer : model.layers()) {
            String why = firstOf(
                    norms(layer),
                    rotation(layer.attention().rotation(), layer.attention().shape()),
                    scores(layer),
                    biases(layer),
                    feedForward(layer.feedForward()));
            if (why != null) {
                return "layer %d: %s".formatted(layer.index(), why);
            }
        }
        return null;
    }

    /** llama.cpp takes from the number of layers which Gemma 2 it is, and ends the process for other numbers. */
    private @Nullable String layers() {
        int layers = model.layers().size();
        return architecture.is(GgufArchitecture.GEMMA2) && !GEMMA2_LAYERS.contains(layers)
                ? "has %d layers, and in llama.cpp a gemma2 has 26, 42 or 46; keep all layers".formatted(layers)
                : null;
    }

    private @Nullable String embedding(Embedding embedding) {
        double scale = architecture.has(Trait.ROOT_SCALE) ? Math.sqrt(model.hiddenSize()) : 1;
        if (embedding.positions() != null) {
            return without("learned position embeddings");
        }
        if (embedding.projection() != null) {
            return without("a projection of the token embedding");
        }
        if ((embedding.norm() != null) != architecture.has(Trait.EMBEDDING_NORM)) {
            return differs("the norm of the token embedding");
        }
        return architecture.has(Trait.FACTORS) || close(embedding.scale(), scale)
                ? null
                : differs("the factor of the token embedding, " + embedding.scale());
    }

    private @Nullable String output(Output output) {
        if (output.norm() == null || output.projection() != null) {
            return differs("what stands before the output embedding");
        }
        if (!architecture.has(Trait.FACTORS) && output.scale() != 1) {
            return differs("the factor of the logits");
        }
        if (architecture.has(Trait.CAPS) != output.logitCap() > 0) {
            return differs("the soft cap of the logits, " + output.logitCap());
        }
        boolean tied =
                output.embedding().name().equals(model.embedding().tokens().name());
        return architecture.has(Trait.TIED) && !tied ? without("an output embedding of its own") : null;
    }

    private @Nullable String norms(LayerLayout layer) {
        Attention attention = layer.attention();
        boolean layerNorm = layer.aroundAttention().input() instanceof Norm.Layer;
        boolean heads = attention.queryNorm() != null || attention.keyNorm() != null;
        boolean outputs = layer.aroundAttention().output() != null;
        if (layer.aroundAttention().input() == null || layer.aroundAttention().sum() != null) {
            return without("norms of the residual stream behind each half");
        }
        if (layerNorm != architecture.has(Trait.LAYER_NORM)) {
            return differs("the kind of its norms");
        }
        if (heads != architecture.has(Trait.HEAD_NORMS)) {
            return differs("norms of its query and key heads");
        }
        if (outputs != architecture.has(Trait.OUTPUT_NORMS)) {
            return differs("norms of what its halves add");
        }
        if (layer.parallel() && !architecture.has(Trait.PARALLEL)) {
            return without("halves side by side");
        }
        boolean scaled = layer.aroundAttention().scale() != 1
                || layer.aroundFeedForward().scale() != 1;
        return scaled && !architecture.has(Trait.FACTORS) ? without("a factor of what its halves add") : null;
    }

    private @Nullable String rotation(@Nullable Rotation rotation, LayerShape shape) {
        if ((rotation == null) != (architecture.pairs() == Pairs.NONE)) {
            return rotation == null
                    ? "has no rotary positions, and every layer of the architecture %s has"
                            .formatted(architecture.name())
                    : without("rotary positions");
        }
        if (rotation == null) {
            return null;
        }
        Rope rope = rotation.rope();
        int rotated = (int) (shape.headDim() * rope.share());
        if (rotated != shape.headDim() && !architecture.has(Trait.PART_OF_HEAD)) {
            return without("heads of which only a part is rotated");
        }
        if (rotated % 2 != 0) {
            return "rotates %d positions of each head, and llama.cpp wants an even number".formatted(rotated);
        }
        boolean possible =
                switch (rope.type()) {
                    case "default", "linear" -> true;
                    case "llama3", "yarn" -> architecture.has(Trait.OWN_FREQUENCIES);
                    case "longrope" ->
                        architecture.has(Trait.LONG_AND_SHORT) || architecture.has(Trait.OWN_FREQUENCIES);
                    default -> false;
                };
        return possible
                ? null
                : "config.json: rope_type %s has no counterpart in the architecture %s; without it texts of up to %d tokens work"
                        .formatted(rope.type(), architecture.name(), rope.originalPositions());
    }

    private @Nullable String scores(LayerLayout layer) {
        AttentionScores scores = layer.attention().scores();
        int heads = layer.attention().shape().heads();
        double scale = scoreScale(layer.attention().shape());
        if (!architecture.has(Trait.FACTORS) && !close(scores.scale(), scale)) {
            return "multiplies its attention scores by %s, the architecture %s by %s"
                    .formatted(scores.scale(), architecture.name(), scale);
        }
        if (architecture.has(Trait.CAPS) != scores.softCap() > 0) {
            return differs("the soft cap of its attention scores, " + scores.softCap());
        }
        List<Double> slopes = architecture.has(Trait.ALIBI) ? AttentionScores.alibi(heads) : List.of();
        return slopes.equals(scores.slopes())
                ? null
                : "has ALiBi slopes that the architecture %s does not have; keep all heads"
                        .formatted(architecture.name());
    }

    /** {@code 1/√D}. The largest models of Gemma 2 and 3, which llama.cpp knows by their number of layers, divide by another root. */
    private double scoreScale(LayerShape shape) {
        int largest = architecture.is(GgufArchitecture.GEMMA2) ? 46 : architecture.is(GgufArchitecture.GEMMA3) ? 62 : 0;
        int size = model.layers().size() == largest ? model.hiddenSize() / shape.heads() : shape.headDim();
        return 1 / Math.sqrt(size);
    }

    private @Nullable String biases(LayerLayout layer) {
        LayerShape shape = layer.attention().shape();
        if (layer.attention().projection() instanceof QueryKeyValue.Separate separate
                && architecture.keeps(separate.query().bias(), zeros)
                && shape.heads() * shape.headDim() != model.hiddenSize()) {
            return "%d heads of size %d do not fill the hidden size %d, which llama.cpp wants where queries have a bias; keep all heads"
                    .formatted(shape.heads(), shape.headDim(), model.hiddenSize());
        }
        for (Linear linear : layer.linears()) {
            boolean projection = layer.attention().projections().contains(linear);
            boolean biased = architecture.keeps(linear.bias(), zeros);
            boolean fits =
                    switch (architecture.biases()) {
                        case ANY -> true;
                        case NONE -> !biased;
                        case ALL -> biased;
                        case PROJECTIONS -> biased == projection;
                    };
            if (!fits) {
                return "%s %s a bias, unlike in the architecture %s%s"
                        .formatted(
                                linear.module(),
                                biased ? "has" : "has not",
                                architecture.name(),
                                biased && architecture.biases() != Biases.ALL
                                        ? "; prune with compensation none or least squares"
                                        : "");
            }
        }
        return null;
    }

    private @Nullable String feedForward(FeedForward feedForward) {
        if (feedForward.gated() == architecture.has(Trait.LAYER_NORM)) {
            return differs("the gate of its feed-forward block");
        }
        return architecture.activations().contains(GgufTensors.activation(feedForward))
                ? null
                : differs("the activation " + GgufTensors.activation(feedForward));
    }

    private String differs(String what) {
        return what + ": not as in the architecture " + architecture.name();
    }

    private String without(String what) {
        return "has %s, which the architecture %s does not have".formatted(what, architecture.name());
    }

    private static boolean close(double a, double b) {
        return Math.abs(a - b) <= 1e-6 * Math.abs(b);
    }

    private static @Nullable String firstOf(@Nullable String... reasons) {
        for (String reason : reasons) {
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }
}
