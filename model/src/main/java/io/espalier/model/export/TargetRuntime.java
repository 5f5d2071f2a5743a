package io.espalier.model.export;

import io.espalier.model.InvalidSetting;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.WrittenConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** What loads a pruned model. It decides which shapes the model may have. */
public enum TargetRuntime {
    /** Any shapes: a Python file builds layers that differ. */
    TRANSFORMERS("transformers"),
    /** One shape for all layers, in the family's own config. */
    VLLM("vllm"),
    /** What a GGUF file can say, which for most families is one shape. */
    LLAMA_CPP("llama.cpp"),
    /** What each of the others loads. */
    ANY("any");

    private final String label;

    TargetRuntime(String label) {
        this.label = label;
    }

    /** What a request calls it. */
    public String label() {
        return label;
    }

    /** All labels, that of the default first. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(TargetRuntime::label).toList();
    }

    /** @throws IllegalArgumentException for a label that is none of {@link #labels()} */
    public static TargetRuntime named(String label) {
        return Arrays.stream(values())
                .filter(runtime -> runtime.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no runtime " + label));
    }

    /**
     * Whether layers of the model may end with different shapes.
     *
     * @param config of the dense model
     */
    public boolean takesLayersThatDiffer(ModelConfig config) {
        List<LayerShape> layers = config.layers();
        LayerShape first = layers.get(0);
        LayerShape narrower =
                new LayerShape(first.heads(), first.kvHeads(), first.headDim(), Math.max(1, first.ffnChannels() / 2));
        List<LayerShape> differing = new ArrayList<>(layers);
        differing.set(0, narrower);
        return new HashSet<>(layers).size() > 1
                || refusal(config, differing, false).isEmpty();
    }

    /**
     * Why the runtime does not load a model of such shapes.
     *
     * @param dense the config of the model before it is pruned
     * @param shapes one per layer, as they will be
     * @param outputBiases whether a repair adds biases to the output projections
     * @return in words, with what to do; empty if it does load it
     */
    public Optional<String> refusal(ModelConfig dense, List<LayerShape> shapes, boolean outputBiases) {
        return switch (this) {
            case TRANSFORMERS -> Optional.empty();
            case VLLM -> inOwnConfig(dense, shapes, outputBiases);
            case LLAMA_CPP -> GgufExport.refusal(dense, shapes, outputBiases);
            case ANY ->
                inOwnConfig(dense, shapes, outputBiases).or(() -> GgufExport.refusal(dense, shapes, outputBiases));
        };
    }

    /**
     * Checks that the runtime loads a model of such shapes.
     *
     * @param dense as for {@link #refusal}, like the next two
     * @param gguf whether a GGUF file of the model is wanted besides
     * @throws InvalidSetting naming the runtime, or the GGUF file
     */
    public void require(ModelConfig dense, List<LayerShape> shapes, boolean outputBiases, boolean gguf) {
        refusal(dense, shapes, outputBiases).ifPresent(reason -> {
            throw new InvalidSetting(Setting.RUNTIME, "is %s, which does not load this: %s".formatted(label, reason));
        });
        if (gguf) {
            GgufExport.refusal(dense, shapes, outputBiases).ifPresent(reason -> {
                throw new InvalidSetting(Setting.GGUF, "cannot be written: " + reason);
            });
        }
    }

    private static Optional<String> inOwnConfig(ModelConfig dense, List<LayerShape> shapes, boolean outputBiases) {
        WrittenConfig written = (outputBiases ? dense.withOutputBiases() : dense).withShapes(shapes);
        if (written.profile() == Profile.UNIFORM) {
            return Optional.empty();
        }
        boolean differ = new HashSet<>(shapes).size() > 1;
        return Optional.of(written.reason()
                + (differ ? "; prune every layer alike" : "; keep the heads and prune channels alone"));
    }
}
