package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.DemoModel;
import io.espalier.model.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PruningPassTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 1);

    static Stream<Arguments> modelsAndSeeds() throws IOException {
        return GoldenCheckpoint.all().stream()
                .flatMap(model -> IntStream.rangeClosed(1, 6).mapToObj(seed -> Arguments.of(model, seed)));
    }

    @ParameterizedTest
    @MethodSource("modelsAndSeeds")
    void slicedModelEqualsTheDenseOneWithTheSameUnitsMasked(Path source, int seed, @TempDir Path folder) {
        // Given
        try (Checkpoint dense = Checkpoint.open(source)) {
            List<RemovedUnits> removed = randomUnits(dense, seed);

            // When
            DemoModel.prune(dense, removed, new int[0][], Compensation.NONE, folder);

            // Then
            try (Checkpoint pruned = Checkpoint.open(folder)) {
                List<RemovedUnits> nothing =
                        removed.stream().map(units -> RemovedUnits.NONE).toList();
                float[] masked = logits(dense, removed);
                float[] sliced = logits(pruned, nothing);
                for (int i = 0; i < masked.length; i++) {
                    assertThat(Math.abs(sliced[i] - masked[i])).isLessThanOrEqualTo(1e-5f);
                }
            }
        }
    }

    private static List<RemovedUnits> randomUnits(Checkpoint dense, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RemovedUnits> removed = new ArrayList<>();
        for (LayerShape shape : dense.config().layers()) {
            removed.add(new RemovedUnits(some(random, shape.attentionUnits()), some(random, shape.ffnChannels())));
        }
        return removed;
    }

    /** Any of the units but the last. */
    private static int[] some(SplittableRandom random, int units) {
        return IntStream.range(0, units - 1)
                .filter(unit -> random.nextBoolean())
                .toArray();
    }

    /** Logits with the columns of the removed units zero in o and down. */
    private static float[] logits(Checkpoint checkpoint, List<RemovedUnits> masked) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (Scope scope = Scope.open();
                LayerStream stream = LayerStream.embed(checkpoint, layout, WINDOWS)) {
            for (LayerLayout layer : layout.layers()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    Surgery surgery = new Surgery(masked.get(layer.index()));
                    mask(weights, layer.attention().output(), surgery, scope);
                    mask(weights, layer.feedForward().down(), surgery, scope);
                    stream.through(new DecoderLayer(layer, weights));
                }
            }
            return new LanguageHead(checkpoint, layout)
                    .logits(stream, scope)
                    .get(0)
                    .floats();
        }
    }

    private static void mask(LayerWeights weights, Linear linear, Surgery surgery, Scope scope) {
        Tensor weight = weights.get(linear.weight());
        float[] dense = weight.floats();
        float[] values = new float[dense.length];
        for (int column : surgery.kept(linear.weight().columns())) {
            for (int row = 0; row < linear.outputs(); row++) {
                values[row * linear.inputs() + column] = dense[row * linear.inputs() + column];
            }
        }
        weights.put(linear.weight(), scope.floats(values, linear.outputs(), linear.inputs()));
    }

    @Test
    void storageTypeAndUntouchedTensorsAreKept(@TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.BF16, folder.resolve("dense"));
        RemovedUnits units = new RemovedUnits(new int[] {1}, new int[] {0, 79});
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            List<LayerRepair> repairs = DemoModel.prune(
                    dense,
                    List.of(RemovedUnits.NONE, units, RemovedUnits.NONE),
                    WINDOWS,
                    Compensation.LEAST_SQUARES_OWN,
                    folder.resolve("pruned"));

            // Then
            assertThat(repairs).extracting(LayerRepair::layer).containsExactly(1);
            assertThat(repairs.get(0).ffn().errorNone()).isPositive();
            assertThat(repairs.get(0).ffn().error())
                    .isLessThan(repairs.get(0).ffn().errorNone());
            try (Checkpoint pruned = Checkpoint.open(folder.resolve("pruned"))) {
                assertThat(pruned.tensors().keySet()).isEqualTo(dense.tensors().keySet());
                assertThat(pruned.tensors().values()).allMatch(tensor -> tensor.dtype() == DType.BF16);
                assertThat(pruned.config().layers())
                        .containsExactly(
                                new LayerShape(4, 4, 8, 80), new LayerShape(3, 3, 8, 78), new LayerShape(4, 4, 8, 80));
                try (Scope scope = Scope.open()) {
                    String untouched = "model.layers.2.mlp.down_proj.weight";
                    assertThat(io.espalier.model.tensor.StoredWeights.read(pruned, untouched, scope)
                                    .floats())
                            .isEqualTo(io.espalier.model.tensor.StoredWeights.read(dense, untouched, scope)
                                    .floats());
                }
            }
        }
    }

    @Test
    void layerThatWouldLoseEveryHeadIsRefused() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            RemovedUnits all = new RemovedUnits(new int[] {0, 1, 2, 3}, new int[0]);
            List<RemovedUnits> removed = List.of(RemovedUnits.NONE, all, RemovedUnits.NONE);
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> new PruningPass(dense, removed, Compensation.NONE))
                    .contains("layer 1", "attention");
        }
    }
}
