package io.espalier.model.export;

import io.espalier.model.transformer.Activation;
import io.espalier.model.transformer.Parameter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model architecture of llama.cpp computes. A checkpoint can be written for it if it computes nothing else.
 *
 * @param name the value of {@code general.architecture}
 * @param pairs which positions of a head are rotated together
 * @param activations of the feed-forward block, of which the architecture has one
 * @param biases which biases there may be
 * @param traits what else the architecture has
 */
record GgufArchitecture(String name, Pairs pairs, Set<Activation> activations, Biases biases, Set<Trait> traits) {
    /** Which positions of a head are rotated together. */
    enum Pairs {
        /** Neighbours; a checkpoint has the halves of a head instead, so rows of queries and keys change places. */
        NEIGHBOURS,
        /** One of each half, as a checkpoint has them. */
        HALVES,
        /** Nothing is rotated. */
        NONE
    }

    /** Which biases linear layers have. */
    enum Biases {
        NONE,
        /** Any of them or none. */
        ANY,
        /** Those of queries, keys and values, and no others. */
        PROJECTIONS,
        ALL
    }

    /** What not every architecture has. */
    enum Trait {
        /** Layers may differ in heads and FFN channels. */
        LAYERS_DIFFER,
        /** Heads must fill the hidden size. */
        WHOLE_HEADS,
        /** A part of each head may be rotated. */
        PART_OF_HEAD,
        /** Rotary frequencies can be given one by one. */
        OWN_FREQUENCIES,
        /** Rotary frequencies for long and for short texts can be given. */
        LONG_AND_SHORT,
        /** Query, key and value projection are one matrix; so are gate and up projection where there is a gate. */
        STACKED,
        /** Layer norms with biases, and no gate. */
        LAYER_NORM,
        /** The embedding is normed. */
        EMBEDDING_NORM,
        /** Heads of queries and keys are normed. */
        HEAD_NORMS,
        /** What a half adds is normed. */
        OUTPUT_NORMS,
        /** Scores and logits are capped. */
        CAPS,
        /** ALiBi with the slopes of all heads. */
        ALIBI,
        /** Embeddings are multiplied by the root of the hidden size. */
        ROOT_SCALE,
        /** Factors of embeddings, scores, residuals and logits. */
        FACTORS,
        /** Both halves of a layer may stand side by side. */
        PARALLEL,
        /** The token embedding is the output embedding. */
        TIED,
        /** The output embedding is stored even where it is the token embedding. */
        UNTIED
    }

    private static final Set<Activation> SILU = Set.of(Activation.SILU);
    private static final Set<Activation> GELU_TANH = Set.of(Activation.GELU_TANH);

    static final GgufArchitecture LLAMA =
            new GgufArchitecture("llama", Pairs.NEIGHBOURS, SILU, Biases.ANY, Set.of(Trait.OWN_FREQUENCIES));

    /** DeciLM: LLaMA with shapes of each layer. */
    static final GgufArchitecture DECI = new GgufArchitecture(
            "deci", Pairs.NEIGHBOURS, SILU, Biases.ANY, Set.of(Trait.OWN_FREQUENCIES, Trait.LAYERS_DIFFER));

    static final GgufArchitecture GRANITE =
            new GgufArchitecture("granite", Pairs.NEIGHBOURS, SILU, Biases.ANY, Set.of(Trait.FACTORS));

    static final GgufArchitecture QWEN2 =
            new GgufArchitecture("qwen2", Pairs.HALVES, SILU, Biases.PROJECTIONS, Set.of(Trait.WHOLE_HEADS));

    static final GgufArchitecture GEMMA =
            new GgufArchitecture("gemma", Pairs.HALVES, GELU_TANH, Biases.NONE, Set.of(Trait.ROOT_SCALE, Trait.TIED));

    static final GgufArchitecture GEMMA2 = new GgufArchitecture(
            "gemma2",
            Pairs.HALVES,
            GELU_TANH,
            Biases.NONE,
            Set.of(Trait.ROOT_SCALE, Trait.TIED, Trait.OUTPUT_NORMS, Trait.CAPS));

    static final GgufArchitecture GEMMA3 = new GgufArchitecture(
            "gemma3",
            Pairs.HALVES,
            GELU_TANH,
            Biases.NONE,
            Set.of(Trait.ROOT_SCALE, Trait.OUTPUT_NORMS, Trait.HEAD_NORMS));

    static final GgufArchitecture PHI3 = new GgufArchitecture(
            "phi3",
            Pairs.HALVES,
            SILU,
            Biases.NONE,
            Set.of(Trait.WHOLE_HEADS, Trait.PART_OF_HEAD, Trait.LONG_AND_SHORT, Trait.STACKED));

    /** llama.cpp computes either form of GELU with the approximation. */
    static final GgufArchitecture GPTNEOX = new GgufArchitecture(
            "gptneox",
            Pairs.HALVES,
            Set.of(Activation.GELU, Activation.GELU_TANH),
            Biases.ALL,
            Set.of(
                    Trait.WHOLE_HEADS,
                    Trait.PART_OF_HEAD,
                    Trait.STACKED,
                    Trait.LAYER_NORM,
                    Trait.PARALLEL,
                    Trait.UNTIED));

    static final GgufArchitecture BLOOM = new GgufArchitecture(
            "bloom",
            Pairs.NONE,
            GELU_TANH,
            Biases.ALL,
            Set.of(
                    Trait.WHOLE_HEADS,
                    Trait.STACKED,
                    Trait.LAYER_NORM,
                    Trait.EMBEDDING_NORM,
                    Trait.ALIBI,
                    Trait.UNTIED));

    /** Those that may suit a family, the one that is preferred first. Whether one does is for {@link GgufFit} to say. */
    static List<GgufArchitecture> of(String family) {
        return switch (family) {
            case "llama", "mistral", "smollm3", "qwen3" -> List.of(LLAMA, DECI);
            case "qwen2" -> List.of(QWEN2, LLAMA, DECI);
            case "phi3" -> List.of(PHI3, LLAMA, DECI);
            case "granite" -> List.of(GRANITE, LLAMA, DECI);
            case "gemma" -> List.of(GEMMA);
            case "gemma2" -> List.of(GEMMA2);
            case "gemma3_text" -> List.of(GEMMA3);
            case "gpt_neox" -> List.of(GPTNEOX);
            case "bloom" -> List.of(BLOOM);
            default -> List.of();
        };
    }

    /** Whether a bias is a part of the file: one of zeros may be left out where the architecture does not want it. */
    boolean keeps(@Nullable Parameter bias, Set<String> zeros) {
        boolean wanted = biases == Biases.ALL || biases == Biases.PROJECTIONS;
        return bias != null && (wanted || !zeros.contains(bias.name()));
    }

    boolean is(GgufArchitecture other) {
        return name.equals(other.name);
    }

    boolean has(Trait trait) {
        return traits.contains(trait);
    }
}
