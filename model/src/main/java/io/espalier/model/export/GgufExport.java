package io.espalier.model.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A checkpoint as one GGUF file, which llama.cpp loads. Everything that can be refused is refused when this is made. */
public final class GgufExport {
    private final Checkpoint checkpoint;
    private final String architecture;
    private final GgufFile file;
    private final List<String> notes;

    private GgufExport(Checkpoint checkpoint, String architecture, GgufFile file, List<String> notes) {
        this.checkpoint = checkpoint;
        this.architecture = architecture;
        this.file = file;
        this.notes = List.copyOf(notes);
    }

    /**
     * Whether a model could be written, by its config and its shapes alone. Its tokenizer is for {@link #tokenizerRefusal}.
     *
     * @param dense the config of the model before it is pruned
     * @param shapes one per layer, as they will be
     * @param outputBiases whether a repair adds biases to the output projections
     * @return why not, naming the layer, and what to do; empty if it can
     */
    public static Optional<String> refusal(ModelConfig dense, List<LayerShape> shapes, boolean outputBiases) {
        ModelConfig config = outputBiases ? dense.withOutputBiases() : dense;
        Set<String> zeros = outputBiases ? GgufBiases.addedZeros(dense, config) : Set.of();
        return fit(config, shapes, Set.of(), zeros)
                .map(Fit::refusal)
                .orElseGet(() -> Optional.of(noArchitecture(config)));
    }

    /**
     * Whether the tokenizer of a checkpoint can be written. Pruning keeps a tokenizer, so that the dense checkpoint can be asked.
     *
     * @return why not; empty if it can
     */
    public static Optional<String> tokenizerRefusal(Checkpoint checkpoint) {
        try {
            GgufTokenizer.of(checkpoint);
            return Optional.empty();
        } catch (EspalierException e) {
            if (e.code() != ErrorCode.MODEL_UNSUPPORTED) {
                throw e;
            }
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Prepares the file of a checkpoint, which may be dense or pruned. Of its weights only biases are read.
     *
     * @param checkpoint must stay open until the file is written
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming the layer or the tensor, why, and what to do; {@code MODEL_CORRUPT}
     *     as in {@link ModelLayout#of(Checkpoint)}
     */
    public static GgufExport of(Checkpoint checkpoint, GgufType type) {
        ModelConfig config = checkpoint.config();
        Set<String> zeros = GgufBiases.zeros(checkpoint);
        Fit fit = fit(config, config.layers(), checkpoint.tensors().keySet(), zeros)
                .orElseThrow(() -> unsupported(noArchitecture(config)));
        fit.refusal().ifPresent(why -> {
            throw unsupported(why);
        });
        ModelLayout model = ModelLayout.of(checkpoint);
        GgufArchitecture architecture = fit.architecture();
        GgufTokenizer tokenizer = GgufTokenizer.of(checkpoint);
        GgufWindows windows = GgufWindows.of(
                architecture, model, GgufRope.positions(architecture, model, GgufKeys.positions(config)));
        GgufMetadata metadata = new GgufMetadata();
        GgufKeys.write(architecture, model, config, windows, tokenizer.stripsAfter(), type, metadata);
        tokenizer.write(metadata);
        List<GgufTensor> tensors = new ArrayList<>(GgufTensors.of(architecture, model, type, zeros));
        tensors.addAll(GgufRope.tensors(architecture, model));
        List<String> notes = new ArrayList<>(windows.notes());
        notes.addAll(GgufRope.notes(architecture, model));
        notes.addAll(tokenizer.notes());
        if (config.isMultimodal()) {
            notes.add("the file holds the language model alone, without what reads images or sound");
        }
        return new GgufExport(checkpoint, architecture.name(), new GgufFile(metadata, tensors), notes);
    }

    /** The name of llama.cpp's architecture. */
    public String architecture() {
        return architecture;
    }

    /** The size of the file in bytes. */
    public long bytes() {
        return file.bytes();
    }

    /** What a user should know, because llama.cpp does it otherwise in rare cases; empty for most models. */
    public List<String> notes() {
        return notes;
    }

    /**
     * Writes the file. It is there as a whole or not at all, and the same checkpoint gives the same bytes.
     *
     * @param target replaced if it is there
     * @throws EspalierException {@code DISK_FULL}, {@code CANCELLED}, or {@code MODEL_UNSUPPORTED} naming a tensor with values that
     *     are not finite in the type
     */
    public void write(Path target, Progress progress) {
        file.write(checkpoint, target, progress);
    }

    /** @param refusal empty if the architecture can express the model */
    private record Fit(GgufArchitecture architecture, Optional<String> refusal) {}

    /**
     * The first architecture that can express a model; if there is none, why the one that comes closest cannot. Empty for a family
     * without any.
     */
    private static Optional<Fit> fit(
            ModelConfig config, List<LayerShape> shapes, Set<String> stored, Set<String> zeros) {
        List<Fit> refused = new ArrayList<>();
        for (GgufArchitecture architecture : GgufArchitecture.of(config.modelType())) {
            Optional<String> why = GgufFit.refusal(architecture, config.hiddenSize(), shapes)
                    .or(() -> GgufFit.refusal(architecture, ModelLayout.of(config.shaped(shapes), stored), zeros));
            Fit fit = new Fit(architecture, why);
            if (why.isEmpty()) {
                return Optional.of(fit);
            }
            refused.add(fit);
        }
        boolean differ = shapes.stream().distinct().count() > 1;
        return refused.isEmpty() ? Optional.empty() : Optional.of(refused.get(differ ? refused.size() - 1 : 0));
    }

    private static String noArchitecture(ModelConfig config) {
        return "config.json: model_type %s has no architecture in llama.cpp".formatted(config.modelType());
    }

    private static EspalierException unsupported(String why) {
        return new EspalierException(ErrorCode.MODEL_UNSUPPORTED, "gguf: " + why);
    }
}
