package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static io.espalier.model.transformer.LayerStreamTest.losses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FamilyTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 3);
    private static final long SMALL_SHARD = 10_000;

    static Stream<Arguments> familiesAndTypes() throws IOException {
        return GoldenCheckpoint.all().stream()
                .flatMap(family -> Stream.of(DType.F32, DType.F16, DType.BF16).map(type -> Arguments.of(family, type)));
    }

    @ParameterizedTest
    @MethodSource("familiesAndTypes")
    void shardsOfAnyTypeGiveTheSameModelWithinTheTypesPrecision(Path family, DType type, @TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(family, type, folder, SMALL_SHARD);
        try (Checkpoint exact = Checkpoint.open(family);
                Checkpoint stored = Checkpoint.open(folder)) {
            double[] expected = losses(exact, WINDOWS);

            // When
            double[] actual = losses(stored, WINDOWS);

            // Then
            assertThat(stored.files()).hasSizeGreaterThan(2);
            double tolerance = type == DType.F32 ? 0 : type == DType.F16 ? 2e-3 : 2e-2;
            for (int window = 0; window < WINDOWS.length; window++) {
                assertThat(actual[window]).isCloseTo(expected[window], within(tolerance * expected[window]));
            }
            assertThat(Arrays.equals(actual, expected)).isEqualTo(type == DType.F32);
        }
    }

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyTensorOfTheCheckpointIsInTheLayout(Path family) {
        try (Checkpoint checkpoint = Checkpoint.open(family)) {
            ModelLayout layout = ModelLayout.of(checkpoint);

            assertThat(layout.parameters().stream().map(Parameter::name).distinct())
                    .containsExactlyInAnyOrderElementsOf(checkpoint.tensors().keySet());
        }
    }

    @ParameterizedTest
    @CsvSource({"bloom, transformer., ''", "opt, model.decoder., decoder.", "gpt-neox, gpt_neox., ''"})
    void checkpointsSavedFromTheBaseModelAreReadToo(String family, String prefix, String bare, @TempDir Path folder) {
        // Given
        Path source = GoldenCheckpoint.of(family);
        GoldenCheckpoint.rename(source, name -> name.replace(prefix, bare), UnaryOperator.identity(), folder);
        try (Checkpoint prefixed = Checkpoint.open(source);
                Checkpoint unprefixed = Checkpoint.open(folder)) {

            // When
            double[] losses = losses(unprefixed, WINDOWS);

            // Then
            assertThat(losses).isEqualTo(losses(prefixed, WINDOWS));
            assertThat(unprefixed.tensors().keySet()).noneMatch(name -> name.startsWith(prefix));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "opt, _remove_final_layer_norm, true",
        "opt, layer_norm_elementwise_affine, false",
        "opt, activation_function, '\"tanh\"'",
        "bloom, apply_residual_connection_post_layernorm, true",
        "llama, hidden_act, '\"relu2\"'",
        "gemma2, hidden_activation, '\"tanh\"'",
        "mistral, layer_types, '[\"linear_attention\",\"linear_attention\",\"linear_attention\"]'",
        "gpt-neox, hidden_act, '\"swiglu\"'",
        "gemma3, use_bidirectional_attention, true",
    })
    void unsupportedVariantIsRefusedNamingTheKeyThatAsksForIt(
            String family, String key, String value, @TempDir Path folder) {
        withConfig(family, json -> set(json, key, value), folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> ModelLayout.of(checkpoint))
                    .contains(key);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "mistral, '{\"sliding_window\":8}', 8 8 8",
        "mistral, '{\"sliding_window\":null}', 0 0 0",
        "qwen2, '{\"sliding_window\":8,\"layer_types\":null}', 0 0 0",
        "qwen2, '{\"sliding_window\":8,\"use_sliding_window\":true,\"layer_types\":null,\"max_window_layers\":1}', 0 8 8",
        "qwen3, '{\"sliding_window\":8,\"use_sliding_window\":true}', 0 0 0",
        "gemma2, '{\"layer_types\":null}', 8 0 8",
        "gemma2, '{\"layer_types\":[\"full_attention\",\"sliding_attention\",\"full_attention\"]}', 0 8 0",
        "phi3, '{\"sliding_window\":5}', 5 5 5",
        "gemma3, '{\"layer_types\":null,\"sliding_window_pattern\":2}', 8 0 8",
        "gemma3, '{\"layer_types\":null}', 8 8 8",
        "smollm3, '{\"use_sliding_window\":true,\"sliding_window\":4,\"layer_types\":null}', 0 4 0",
        "smollm3, '{\"sliding_window\":4,\"layer_types\":null}', 0 0 0",
    })
    void layersHaveTheSlidingWindowThatTheConfigGivesThem(
            String family, String changes, String windows, @TempDir Path folder) {
        // Given
        withConfig(family, json -> json.setAll(object(changes)), folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {

            // When
            List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();

            // Then
            assertThat(layers.stream()
                            .map(layer ->
                                    Integer.toString(layer.attention().scores().window())))
                    .containsExactly(windows.split(" "));
        }
    }

    @Test
    void aSlidingWindowHidesThePositionsBeforeIt(@TempDir Path folder) {
        // Given
        withConfig("mistral", json -> json.put("sliding_window", 4), folder);
        int[] changed = WINDOWS[0].clone();
        changed[0] = WINDOWS[0][0] == 5 ? 6 : 5;
        try (Checkpoint whole = Checkpoint.open(GoldenCheckpoint.of("mistral"));
                Checkpoint sliding = Checkpoint.open(folder)) {

            // When
            int reach = lastDifference(sliding, WINDOWS[0], changed);

            // Then
            assertThat(lastDifference(whole, WINDOWS[0], changed)).isEqualTo(changed.length - 1);
            assertThat(reach).as("three layers of a window of four").isEqualTo(3 * (4 - 1));
        }
    }

    /** The last position at which the hidden states after the last layer differ. */
    private static int lastDifference(Checkpoint checkpoint, int[] one, int[] other) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (LayerStream stream =
                LayerStream.embedToSum(checkpoint, layout, new int[][] {one, other}, MemoryBudget.DEFAULT)) {
            for (LayerLayout layer : layout.layers()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    stream.through(new DecoderLayer(layer, weights));
                }
            }
            float[] hidden = stream.chunks().get(0).floats();
            int half = hidden.length / 2;
            int difference = Arrays.mismatch(reversed(hidden, 0, half), reversed(hidden, half, hidden.length));
            return (half - 1 - difference) / layout.hiddenSize();
        }
    }

    private static float[] reversed(float[] values, int from, int to) {
        float[] reversed = new float[to - from];
        for (int i = 0; i < reversed.length; i++) {
            reversed[i] = values[to - 1 - i];
        }
        return reversed;
    }

    @Test
    void moreTokensThanLearnedPositionsAreRefused() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.of("opt"))) {
            int[][] tooLong = GoldenCheckpoint.windows(1, 65, 1);

            assertFails(ErrorCode.INVALID_ARGUMENT, () -> losses(checkpoint, tooLong))
                    .contains("65", "64");
        }
    }

    @Test
    void layersOfGemma3RotateByTheirTypeAndThoseOfSmolLm3AsTheirListSays() {
        try (Checkpoint gemma3 = Checkpoint.open(GoldenCheckpoint.of("gemma3"));
                Checkpoint smollm3 = Checkpoint.open(GoldenCheckpoint.of("smollm3"))) {
            assertThat(thetas(gemma3)).containsExactly(1e4, 1e6, 1e4);
            assertThat(thetas(smollm3)).containsExactly(5e4, 0.0, 5e4);
        }
    }

    /** Of each layer, 0 where it does not rotate. */
    private static List<Double> thetas(Checkpoint checkpoint) {
        return ModelLayout.of(checkpoint).layers().stream()
                .map(layer -> Optional.ofNullable(layer.attention().rotation()))
                .map(rotation -> rotation.map(rotated -> rotated.rope().theta()).orElse(0.0))
                .toList();
    }

    @Test
    void outputMatrixOfGptNeoxIsReadUnderItsNewerNameToo(@TempDir Path folder) {
        Path source = GoldenCheckpoint.of("gpt-neox");
        GoldenCheckpoint.rename(source, name -> name.replace("embed_out", "lm_head"), UnaryOperator.identity(), folder);
        try (Checkpoint older = Checkpoint.open(source);
                Checkpoint newer = Checkpoint.open(folder)) {
            assertThat(losses(newer, WINDOWS)).isEqualTo(losses(older, WINDOWS));
        }
    }

    @Test
    void halvesOfGptNeoxFollowEachOtherWhereTheConfigSaysSo(@TempDir Path folder) {
        withConfig("gpt-neox", json -> json.put("use_parallel_residual", false), folder);
        try (Checkpoint parallel = Checkpoint.open(GoldenCheckpoint.of("gpt-neox"));
                Checkpoint sequential = Checkpoint.open(folder)) {
            assertThat(ModelLayout.of(sequential).layers()).noneMatch(LayerLayout::parallel);
            assertThat(losses(sequential, WINDOWS)).isNotEqualTo(losses(parallel, WINDOWS));
        }
    }

    @Test
    void slidingLayersOfGemma3WithoutAWindowAreRefused(@TempDir Path folder) {
        withConfig("gemma3", json -> json.putNull("sliding_window"), folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelLayout.of(checkpoint))
                    .contains("sliding_window", "layer 0");
        }
    }

    /** Press et al., section 3: six heads get the slopes of four heads, then every second slope of eight heads. */
    @Test
    void alibiSlopesOfAHeadCountThatIsNoPowerOfTwoComeFromTwoSequences() {
        assertThat(AttentionScores.alibi(6)).containsExactly(0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125);
    }

    @Test
    void everySupportedTypeIsNamedWhenAnotherIsRefused() {
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> Family.of("mamba"))
                .contains("'mamba'", "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3")
                .contains("granite", "smollm3", "gpt_neox", "opt", "bloom");
    }

    private static void withConfig(String family, UnaryOperator<ObjectNode> change, Path folder) {
        GoldenCheckpoint.rename(GoldenCheckpoint.of(family), UnaryOperator.identity(), change, folder);
    }

    private static ObjectNode set(ObjectNode json, String key, String value) {
        return json.setAll(object("{\"%s\":%s}".formatted(key, value)));
    }

    private static ObjectNode object(String json) {
        try {
            return (ObjectNode) new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
