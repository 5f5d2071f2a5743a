package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Engine;
import io.espalier.model.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class LayerStreamTest {
    /** More windows than one chunk holds. */
    private static final int[][] MANY = GoldenCheckpoint.windows(70, 32, 5);

    @Test
    void lossOfAWindowDoesNotDependOnTheWindowsBesideIt() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            double[] together = losses(checkpoint, MANY);

            assertThat(together).hasSize(MANY.length);
            for (int window : new int[] {0, 31, 32, 69}) {
                double alone = losses(checkpoint, new int[][] {MANY[window]})[0];
                assertThat(together[window]).isCloseTo(alone, within(1e-5));
            }
        }
    }

    @Test
    void sameWindowsGiveTheSameBitsAgain() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            assertThat(losses(checkpoint, MANY)).isEqualTo(losses(checkpoint, MANY));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16", "F64"})
    void otherStorageTypesGiveTheSameModelWithinTheirPrecision(DType type, @TempDir Path folder) {
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, type, folder);
        try (Checkpoint exact = Checkpoint.open(GoldenCheckpoint.LLAMA);
                Checkpoint stored = Checkpoint.open(folder)) {
            double[] expected = losses(exact, MANY);

            double[] actual = losses(stored, MANY);

            double tolerance = type == DType.F64 ? 0 : type == DType.F16 ? 2e-3 : 2e-2;
            for (int window = 0; window < MANY.length; window++) {
                assertThat(actual[window]).isCloseTo(expected[window], within(tolerance * expected[window]));
            }
            assertThat(Arrays.equals(actual, expected)).isEqualTo(type == DType.F64);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void chunksSideBySideGiveTheSameBitsAsOneAfterTheOther(Path family) {
        try (Checkpoint checkpoint = Checkpoint.open(family)) {
            Engine.setThreads(1);
            double[] inTurn = inSmallChunks(checkpoint);
            Engine.setThreads(2);

            double[] sideBySide = inSmallChunks(checkpoint);

            assertThat(sideBySide).isEqualTo(inTurn);
        }
    }

    private static double[] inSmallChunks(Checkpoint checkpoint) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, MANY, MemoryBudget.DEFAULT)) {
            assertThat(stream.chunks()).hasSizeGreaterThan(2);
            WeightStream.forEach(
                    checkpoint,
                    layout.layers(),
                    Computation.EXACT,
                    (layer, weights) -> stream.through(new DecoderLayer(layer, weights)));
            return new LanguageHead(checkpoint, layout).losses(stream);
        }
    }

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void cachedDecodingChoosesTheTokensOfTheWholePass(Path family) {
        try (Checkpoint checkpoint = Checkpoint.open(family);
                ResidentModel model = ResidentModel.load(checkpoint)) {
            // Dynamic rotation turns a text anew when it grows beyond the model's positions, and cached keys stay.
            int[] text = Arrays.copyOf(MANY[0], Math.min(20, checkpoint.config().maxPositions() - 12));
            try (ResidentModel.Generation cached = model.begin()) {
                int next = cached.read(text);
                for (int step = 0; step < 12; step++) {
                    try (ResidentModel.Generation whole = model.begin()) {
                        assertThat(next).isEqualTo(whole.read(text));
                    }
                    text = Arrays.copyOf(text, text.length + 1);
                    text[text.length - 1] = next;
                    next = cached.read(next);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void halvesOneAfterTheOtherGiveWhatTheWholeLayerGives(Path family) {
        try (Checkpoint checkpoint = Checkpoint.open(family)) {
            ModelLayout layout = ModelLayout.of(checkpoint);
            try (LayerStream whole = LayerStream.embed(checkpoint, layout, MANY, MemoryBudget.DEFAULT);
                    LayerStream halved = whole.fork();
                    LayerStream dense = whole.fork()) {
                for (LayerLayout layer : layout.layers()) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        DecoderLayer decoder = new DecoderLayer(layer, weights);
                        Map<String, float[]> expected = new HashMap<>();
                        whole.throughInTurn(decoder, (linear, x) -> expected.putIfAbsent(linear.module(), x.floats()));
                        Map<String, float[]> actual = new HashMap<>();
                        halved.peekAttention(decoder, lastWindowsOfFirstChunk(actual), dense);
                        halved.throughAttention(decoder);
                        dense.throughAttention(decoder);
                        halved.peekFeedForward(decoder, lastWindowsOfFirstChunk(actual), dense);
                        halved.throughFeedForward(decoder);
                        dense.throughFeedForward(decoder);

                        assertThat(actual.keySet()).isEqualTo(expected.keySet());
                        actual.forEach((module, x) ->
                                assertThat(x).as(module).containsExactly(expected.get(module), Offset.offset(2e-5f)));
                    }
                }

                for (int chunk = 0; chunk < whole.chunks().size(); chunk++) {
                    assertThat(halved.chunks().get(chunk).floats())
                            .isEqualTo(whole.chunks().get(chunk).floats());
                }
            }
        }
    }

    /** The dense stream's windows come first. */
    private static Linears.InputObserver lastWindowsOfFirstChunk(Map<String, float[]> inputs) {
        return (linear, x) -> inputs.computeIfAbsent(linear.module(), absent -> {
            float[] both = x.floats();
            return Arrays.copyOfRange(both, both.length / 2, both.length);
        });
    }

    @Test
    void tokenOutsideTheVocabularyIsRefused() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> losses(checkpoint, new int[][] {{1, 160}}))
                    .contains("160", "vocabulary");
        }
    }

    static double[] losses(Checkpoint checkpoint, int[][] windows) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (LayerStream stream = LayerStream.embedToSum(checkpoint, layout, windows, MemoryBudget.DEFAULT)) {
            for (LayerLayout layer : layout.layers()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    stream.through(new DecoderLayer(layer, weights));
                }
            }
            return new LanguageHead(checkpoint, layout).losses(stream);
        }
    }
}
