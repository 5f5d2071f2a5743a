package io.espalier.model.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class GgufExportTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "opt           | model_type opt has no architecture in llama.cpp",
                "opt-350m      | model_type opt has no architecture in llama.cpp",
                "qwen3         | layer 0: norms of its query and key heads",
                "smollm3       | layer 1: has no rotary positions",
                "llama-dynamic | rope_type dynamic has no counterpart",
                "gemma2        | has 3 layers, and in llama.cpp a gemma2 has 26, 42 or 46",
                "gemma3        | in the architecture gemma3 each sixth layer has no sliding window"
            })
    void refusesWhatLlamaCppWouldComputeOtherwise(String family, String why) throws IOException {
        // given
        Path golden = ExportCheckpoint.golden(family, folder.resolve("model"));

        try (Checkpoint checkpoint = Checkpoint.open(golden)) {
            // when
            Optional<String> refusal =
                    GgufExport.refusal(checkpoint.config(), checkpoint.config().layers(), false);

            // then
            assertThat(refusal).hasValueSatisfying(text -> assertThat(text).contains(why));
            assertThatThrownBy(() -> GgufExport.of(checkpoint, GgufType.F32))
                    .isInstanceOfSatisfying(
                            EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_UNSUPPORTED))
                    .hasMessageContaining(why);
        }
    }

    static Stream<Arguments> changed() {
        return Stream.of(
                changed("llama", "activation GELU_TANH", config -> config.put("hidden_act", "gelu_pytorch_tanh")),
                changed("qwen2", "o_proj has a bias", config -> config.put("output_biases", true)),
                changed("gemma", "o_proj has a bias", config -> config.put("output_biases", true)),
                changed("gemma", "output embedding of its own", config -> config.put("tie_word_embeddings", false)),
                changed("gpt-neox", "has not a bias", config -> config.put("attention_bias", false)));
    }

    private static Arguments changed(String family, String why, UnaryOperator<ObjectNode> config) {
        return Arguments.of(family, why, config);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("changed")
    void looksAtEverythingThatAConfigMayChange(String family, String why, UnaryOperator<ObjectNode> change)
            throws IOException {
        // given
        Path golden = ExportCheckpoint.golden(family, folder.resolve("model"));
        ObjectNode json =
                change.apply(ModelConfig.read(golden.resolve("config.json")).json());
        ModelConfig config = ModelConfig.read(Files.writeString(folder.resolve("config.json"), json.toString()));
        GgufArchitecture own = GgufArchitecture.of(config.modelType()).get(0);

        // when
        Optional<String> refusal = GgufFit.refusal(own, ModelLayout.of(config, Set.of()), Set.of());

        // then
        assertThat(refusal).hasValueSatisfying(text -> assertThat(text).contains(why));
    }

    @Test
    void saysBeforePruningWhichShapesFit() {
        // given
        ModelConfig llama = config("llama-gqa");
        ModelConfig qwen2 = config("qwen2");
        ModelConfig granite = config("granite");
        ModelConfig bloom = config("bloom");

        // when, then
        assertThat(GgufExport.refusal(llama, shapes(llama, 1, 7), true)).isEmpty();
        assertThat(GgufExport.refusal(llama, differing(llama), true)).isEmpty();
        assertThat(GgufExport.refusal(qwen2, shapes(qwen2, 2, 7), false)).isEmpty();
        assertThat(GgufExport.refusal(qwen2, shapes(qwen2, 1, 7), false))
                .hasValueSatisfying(why -> assertThat(why).contains("layer 0: 2 heads of size 8 do not fill"));
        assertThat(GgufExport.refusal(granite, shapes(granite, 1, 7), true)).isEmpty();
        assertThat(GgufExport.refusal(granite, differing(granite), false)).isPresent();
        assertThat(GgufExport.refusal(bloom, shapes(bloom, 4, 7), false)).isEmpty();
        assertThat(GgufExport.refusal(bloom, shapes(bloom, 3, 7), false))
                .hasValueSatisfying(why -> assertThat(why).contains("keep all heads"));
    }

    private static ModelConfig config(String golden) {
        return ModelConfig.read(GoldenCheckpoint.of(golden).resolve("config.json"));
    }

    private static List<LayerShape> shapes(ModelConfig config, int steps, int channels) {
        return config.layers().stream()
                .map(shape -> shape.left(steps, channels))
                .toList();
    }

    private static List<LayerShape> differing(ModelConfig config) {
        return Stream.concat(
                        shapes(config, 1, 7).stream().limit(1),
                        config.layers().stream().skip(1))
                .toList();
    }

    static Stream<Arguments> tokenizers() {
        return Stream.of(
                tokenizer(
                        "no way to split texts", json -> json.set("pre_tokenizer", TestTokenizers.split("\\w+|\\W+"))),
                tokenizer("add_prefix_space", json -> {
                    ((ObjectNode) json.path("pre_tokenizer")).put("add_prefix_space", true);
                    return json;
                }),
                tokenizer(
                        "/normalizer/type",
                        json -> json.set("normalizer", TestTokenizers.parsed("{'type':'Lowercase'}"))),
                tokenizer("ignore_merges", json -> {
                    ((ObjectNode) json.path("model")).put("ignore_merges", true);
                    return json;
                }),
                tokenizer("has id 2048, and the embedding has 2048 rows", json -> {
                    ((ArrayNode) json.path("added_tokens"))
                            .add(TestTokenizers.parsed(
                                    "{'id':2048,'content':'<|new|>','single_word':false,'lstrip':false,"
                                            + "'rstrip':false,'normalized':false,'special':true}"));
                    return json;
                }));
    }

    private static Arguments tokenizer(String why, UnaryOperator<ObjectNode> change) {
        return Arguments.of(why, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void refusesATokenizerThatLlamaCppDoesNotHave(String why, UnaryOperator<ObjectNode> change) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestTokenizers.demo(change, folder.resolve("model")))) {
            // when
            Optional<String> refusal = GgufExport.tokenizerRefusal(checkpoint);

            // then
            assertThat(refusal).hasValueSatisfying(text -> assertThat(text).contains(why));
        }
    }

    @Test
    void refusesMergesThatAreNotThoseOfSentencePiece() throws IOException {
        // given
        Path model = TestTokenizers.sentencePiece(
                json -> {
                    ((ArrayNode) json.path("model").path("merges")).remove(40);
                    return json;
                },
                folder.resolve("model"));

        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            // when
            Optional<String> refusal = GgufExport.tokenizerRefusal(checkpoint);

            // then
            assertThat(refusal).hasValueSatisfying(why -> assertThat(why).contains("are not merged"));
        }
    }

    @Test
    void refusesATextWithoutEnd() throws IOException {
        // given
        Path model =
                ExportCheckpoint.golden("llama", config -> config.putNull("eos_token_id"), folder.resolve("model"));

        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            // when
            Optional<String> refusal = GgufExport.tokenizerRefusal(checkpoint);

            // then
            assertThat(refusal).hasValueSatisfying(why -> assertThat(why).contains("eos_token_id: missing"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void givesTheSameBytesAgainAndAsManyAsItSays(GgufType type) throws IOException {
        try (Checkpoint checkpoint = DemoModel.open()) {
            // given
            Path first = folder.resolve("first.gguf");
            Path second = folder.resolve("second.gguf");

            // when
            GgufExport.of(checkpoint, type).write(first, Progress.SILENT);
            GgufExport again = GgufExport.of(checkpoint, type);
            again.write(second, Progress.SILENT);

            // then
            assertThat(Files.mismatch(first, second)).isEqualTo(-1);
            assertThat(second).hasSize(again.bytes());
        }
    }

    @Test
    void leavesNothingWhenItIsStopped() throws IOException {
        // given
        Path target = Files.writeString(folder.resolve("model.gguf"), "before");
        Cancellation cancellation = new Cancellation();

        try (Checkpoint checkpoint = DemoModel.open()) {
            GgufExport export = GgufExport.of(checkpoint, GgufType.F16);

            // when
            assertThatThrownBy(() -> cancellation.around(() -> {
                        export.write(target, (unit, done, total, tokens) -> cancellation.request("enough"));
                        return true;
                    }))
                    .hasMessageContaining("enough");
        }

        // then
        assertThat(target).hasContent("before");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void refusesAWeightThatTheTypeCannotHold() throws IOException {
        // given
        Path large = folder.resolve("model");
        String tensor = "model.layers.1.mlp.up_proj.weight";
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA,
                tensor,
                bytes -> bytes.order(ByteOrder.LITTLE_ENDIAN).putFloat(8, 70_000f),
                large);
        Path tokenizer =
                ExportCheckpoint.golden("llama", folder.resolve("other")).resolve("tokenizer.json");
        Files.copy(tokenizer, large.resolve("tokenizer.json"));
        Path target = folder.resolve("model.gguf");

        try (Checkpoint checkpoint = Checkpoint.open(large)) {
            GgufExport.of(checkpoint, GgufType.F32).write(folder.resolve("f32.gguf"), Progress.SILENT);

            // when
            assertThatThrownBy(() -> GgufExport.of(checkpoint, GgufType.F16).write(target, Progress.SILENT))
                    .hasMessageContaining("blk.1.ffn_up.weight")
                    .hasMessageContaining("choose F32");
        }

        // then
        assertThat(target).doesNotExist();
    }

    @Test
    void limitsTheContextToAWindowThatTheArchitectureDoesNotHave() throws IOException {
        // given
        Path model =
                ExportCheckpoint.golden("mistral", config -> config.put("sliding_window", 16), folder.resolve("model"));

        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            // when
            GgufExport export = GgufExport.of(checkpoint, GgufType.F32);

            // then
            assertThat(export.notes())
                    .containsExactly(
                            "the context is limited to the sliding window of 16 tokens, because the architecture llama has no such windows");
        }
    }
}
