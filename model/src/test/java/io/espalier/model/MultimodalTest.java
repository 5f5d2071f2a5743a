package io.espalier.model;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.file.StrictJson;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.LayerRemoval;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.sparsity.SparsePass;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.ModelSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The language model of a multimodal checkpoint is pruned; all else is carried along. */
class MultimodalTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 8);
    private static final RemovedUnits SOME = new RemovedUnits(new int[] {1}, new int[] {0, 3, 4, 7});

    @TempDir
    private Path folder;

    /** In the names of transformers 4, of 5, and of those that put the language model elsewhere. */
    static List<MultimodalCheckpoint> models() {
        return List.of(
                new MultimodalCheckpoint("gemma3", "gemma3", "language_model.model.", "language_model."),
                new MultimodalCheckpoint("gemma3", "gemma3", "model.language_model.", ""),
                new MultimodalCheckpoint("mistral", "mistral3", "language_model.model.", "language_model."),
                new MultimodalCheckpoint("mistral", "mistral3", "model.language_model.", ""),
                new MultimodalCheckpoint("llama", "llava", "language_model.model.", "language_model."),
                new MultimodalCheckpoint("qwen2", "internvl", "language_model.model.", "language_model."),
                new MultimodalCheckpoint("llama-gqa", "idefics3", "model.text_model.", ""),
                new MultimodalCheckpoint("opt", "blip-2", "language_model.model.", "language_model."));
    }

    @ParameterizedTest
    @MethodSource("models")
    void theLanguageModelComputesAsItDoesAlone(MultimodalCheckpoint model) {
        model.write(folder);
        try (Checkpoint whole = Checkpoint.open(folder);
                Checkpoint alone = Checkpoint.open(GoldenCheckpoint.of(model.golden()))) {
            float[] logits = GoldenTest.Forward.of(whole, WINDOWS).logits();

            assertThat(logits).isEqualTo(GoldenTest.Forward.of(alone, WINDOWS).logits());
            assertThat(whole.ignored()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void pruningChangesTheLanguageModelAndItsConfigAlone(MultimodalCheckpoint model) {
        // Given
        Path dense = folder.resolve("dense");
        model.write(dense);
        List<RemovedUnits> removed = List.of(SOME, SOME, SOME);
        Path alone = folder.resolve("alone");
        try (Checkpoint text = Checkpoint.open(GoldenCheckpoint.of(model.golden()))) {
            DemoModel.prune(text, removed, WINDOWS, Compensation.LEAST_SQUARES_OWN, alone);
        }

        // When
        Path pruned = folder.resolve("pruned");
        try (Checkpoint whole = Checkpoint.open(dense)) {
            DemoModel.prune(whole, removed, WINDOWS, Compensation.LEAST_SQUARES_OWN, pruned);
        }

        // Then
        try (Checkpoint before = Checkpoint.open(dense);
                Checkpoint after = Checkpoint.open(pruned);
                Checkpoint text = Checkpoint.open(alone)) {
            assertBesideIsTheSame(before, after);
            text.tensors().keySet().forEach(tensor -> assertThat(MultimodalCheckpoint.bytes(after, model.name(tensor)))
                    .as(tensor)
                    .isEqualTo(MultimodalCheckpoint.bytes(text, tensor)));
            assertThat(GoldenTest.Forward.of(after, WINDOWS).logits())
                    .isEqualTo(GoldenTest.Forward.of(text, WINDOWS).logits());
            assertThat(after.config().layers()).isEqualTo(text.config().layers());
            assertConfigChangedUnderTextAlone(dense, pruned);
        }
    }

    private static void assertBesideIsTheSame(Checkpoint before, Checkpoint after) {
        for (TensorInfo tensor : MultimodalCheckpoint.BESIDE) {
            assertThat(after.tensor(tensor.name())).isEqualTo(tensor);
            assertThat(MultimodalCheckpoint.bytes(after, tensor.name()))
                    .isEqualTo(MultimodalCheckpoint.bytes(before, tensor.name()));
        }
    }

    private static void assertConfigChangedUnderTextAlone(Path dense, Path pruned) {
        ObjectNode before = config(dense);
        ObjectNode after = config(pruned);
        assertThat(before.remove("text_config")).isNotEqualTo(after.remove("text_config"));
        before.remove("auto_map");
        assertThat(after).isEqualTo(before);
    }

    private static ObjectNode config(Path checkpoint) {
        return StrictJson.readObject(checkpoint.resolve(Checkpoint.CONFIG), 1_000_000);
    }

    @Test
    void addedBiasesAreWrittenIntoTheLanguageModelsConfig() {
        new MultimodalCheckpoint("llama", "llava", "language_model.model.", "language_model.").write(folder);
        Path pruned = folder.resolve("pruned");
        try (Checkpoint whole = Checkpoint.open(folder)) {
            DemoModel.prune(whole, List.of(SOME, SOME, SOME), WINDOWS, Compensation.BIAS, pruned);
        }

        assertThat(config(pruned).at("/text_config/mlp_bias").booleanValue()).isTrue();
        try (Checkpoint after = Checkpoint.open(pruned)) {
            assertThat(after.has("language_model.model.layers.0.mlp.down_proj.bias"))
                    .isTrue();
            ModelLayout.of(after);
        }
    }

    @Test
    void removedLayersAreThoseOfTheLanguageModel() {
        // Given
        Path dense = folder.resolve("dense");
        new MultimodalCheckpoint("gemma3", "gemma3", "language_model.model.", "language_model.").write(dense);
        Path left = folder.resolve("left");

        // When
        try (Checkpoint whole = Checkpoint.open(dense)) {
            LayerRemoval removal = new LayerRemoval(whole, Set.of(0));
            try (CheckpointWriter writer = CheckpointWriter.create(left, removal.tensors())) {
                removal.run(writer, Progress.SILENT);
                writer.writeConfig(removal.config());
                writer.finish();
            }
            assertThat(removal.config().profile()).isEqualTo(Profile.UNIFORM);
        }

        // Then
        try (Checkpoint before = Checkpoint.open(dense);
                Checkpoint after = Checkpoint.open(left)) {
            assertBesideIsTheSame(before, after);
            assertThat(ModelLayout.of(after).layers()).hasSize(2);
            assertThat(config(left).at("/text_config/num_hidden_layers").intValue())
                    .isEqualTo(2);
        }
    }

    @Test
    void masksLeaveAllElseAsItIs() {
        Path dense = folder.resolve("dense");
        new MultimodalCheckpoint("mistral", "mistral3", "language_model.model.", "language_model.").write(dense);
        Path masked = folder.resolve("masked");
        try (Checkpoint whole = Checkpoint.open(dense);
                CheckpointWriter writer = CheckpointWriter.create(
                        masked, List.copyOf(whole.tensors().values()))) {
            new SparsePass(whole, new LayerScope(0, 3)).run((layer, weights) -> Map.of(), writer, Progress.SILENT);
            writer.writeJson(Checkpoint.CONFIG, whole.config().json());
            writer.finish();
        }

        try (Checkpoint before = Checkpoint.open(dense);
                Checkpoint after = Checkpoint.open(masked)) {
            assertBesideIsTheSame(before, after);
            assertThat(GoldenTest.Forward.of(after, WINDOWS).logits())
                    .isEqualTo(GoldenTest.Forward.of(before, WINDOWS).logits());
        }
    }

    @Test
    void productsAreCountedOfTheLanguageModelAndParametersOfAll() {
        new MultimodalCheckpoint("llama", "llava", "language_model.model.", "language_model.").write(folder);
        try (Checkpoint whole = Checkpoint.open(folder);
                Checkpoint alone = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            ModelSize text = ModelSize.of(alone.config(), alone.tensors().values(), 64);

            ModelSize size = ModelSize.of(whole.config(), whole.tensors().values(), 64);

            long beside = MultimodalCheckpoint.BESIDE.stream()
                    .mapToLong(TensorInfo::elements)
                    .sum();
            assertThat(size.parameters()).isEqualTo(text.parameters() + beside);
            assertThat(size.macs()).isEqualTo(text.macs());
        }
    }

    @Test
    void aLayerOfTheLanguageModelThatTheConfigDoesNotCountIsStillMissed() {
        Path dense = folder.resolve("dense");
        MultimodalCheckpoint llava =
                new MultimodalCheckpoint("llama", "llava", "language_model.model.", "language_model.");
        llava.write(dense);
        ObjectNode config = config(dense);
        config.withObject("/text_config").put("num_hidden_layers", 2);
        replaceConfig(dense, config.toString());
        try (Checkpoint whole = Checkpoint.open(dense)) {
            assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelLayout.of(whole)).contains("num_hidden_layers");
        }
    }

    private static void replaceConfig(Path checkpoint, String json) {
        try {
            Files.writeString(checkpoint.resolve(Checkpoint.CONFIG), json);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** As published: of the language model's sizes only those that differ from its config class. */
    @Test
    void sizesThatTextConfigLeavesOutAreThoseOfTheConfigClass() throws IOException {
        ModelConfig gemma3 = read("""
                {"model_type":"gemma3","eos_token_id":[1,106],"mm_tokens_per_image":256,"vision_config":{"hidden_size":1152},
                 "text_config":{"hidden_size":2560,"intermediate_size":10240,"model_type":"gemma3_text",
                  "num_hidden_layers":34,"rope_scaling":{"factor":8.0,"rope_type":"linear"},"sliding_window":1024}}""");
        ModelConfig llava = read("""
                {"model_type":"llava","vision_config":{"hidden_size":1024},
                 "text_config":{"max_position_embeddings":4096,"rms_norm_eps":1e-5,"vocab_size":32064}}""");

        assertThat(gemma3.layers()).hasSize(34).containsOnly(new LayerShape(8, 4, 256, 10_240));
        assertThat(gemma3.vocabSize()).isEqualTo(262_208);
        assertThat(gemma3.rotary(false).type()).isEqualTo("linear");
        assertThat(gemma3.rotary(true).type()).isEqualTo("default");
        assertThat(llava.modelType()).isEqualTo("llama");
        assertThat(llava.layers()).hasSize(32).containsOnly(new LayerShape(32, 32, 128, 11_008));
    }

    private ModelConfig read(String json) throws IOException {
        return ModelConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model_type\":\"aya_vision\",\"text_config\":{\"model_type\":\"cohere2\"}} | cohere2",
                "{\"model_type\":\"paligemma\",\"text_config\":{\"model_type\":\"gemma\"}} | paligemma",
                "{\"model_type\":\"fuyu\",\"text_config\":{}} | fuyu",
                "{\"model_type\":\"gemma3\",\"quantization_config\":{},\"text_config\":{}} | quantization_config",
                "{\"model_type\":\"gemma3\",\"text_config\":{\"use_bidirectional_attention\":true}} | use_bidirectional",
            })
    void languageModelsThatAreNotSupportedAreRefusedByName(String json, String named) {
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> ModelLayout.of(read(json), Set.of()))
                .contains(named);
    }

    @Test
    void anOutputEmbeddingThatTheConfigAsksForMustBeStored() throws IOException {
        String untied = "{\"model_type\":\"gemma3\",\"tie_word_embeddings\":false,\"text_config\":{}}";
        UnaryOperator<String> head = json -> json.replace("\"tie_word_embeddings\":false,", "");

        assertThat(read(untied).needsOutputEmbedding()).isTrue();
        assertThat(read(head.apply(untied)).needsOutputEmbedding()).isFalse();
    }
}
