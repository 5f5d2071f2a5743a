package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.AttentionUnit;
import io.espalier.model.DeepCheckpoint;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruningPassTest {
    /** Of logits up to 6.4: the sums are taken in another order. */
    private static final float TOLERANCE = 2e-5f;

    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 1);

    static Stream<Arguments> modelsAndSeeds() throws IOException {
        return GoldenCheckpoint.all().stream().flatMap(model -> Stream.of(AttentionUnit.values())
                .flatMap(unit -> IntStream.rangeClosed(1, 6).mapToObj(seed -> Arguments.of(model, unit, seed))));
    }

    @ParameterizedTest
    @MethodSource("modelsAndSeeds")
    void slicedModelEqualsTheDenseOneWithTheSameUnitsMasked(
            Path source, AttentionUnit unit, int seed, @TempDir Path folder) {
        // Given
        try (Checkpoint dense = Checkpoint.open(source, source, unit)) {
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
                    assertThat(Math.abs(sliced[i] - masked[i])).isLessThanOrEqualTo(TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.embed_tokens.weight", "model.layers.2.mlp.up_proj.weight", "model.norm.weight"})
    void weightThatIsNoNumberIsRefusedEvenWhereItWouldOnlyBeCopied(String broken, @TempDir Path folder) {
        // Given
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA, broken, bytes -> bytes.putFloat(40, Float.NaN), folder.resolve("dense"));
        RemovedUnits units = new RemovedUnits(new int[] {1}, new int[] {0});
        List<RemovedUnits> removed = List.of(units, RemovedUnits.NONE, RemovedUnits.NONE);
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {

            // When
            Throwable failure = catchThrowable(
                    () -> DemoModel.prune(dense, removed, new int[0][], Compensation.NONE, folder.resolve("pruned")));

            // Then
            assertThat(failure)
                    .isInstanceOfSatisfying(
                            EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_CORRUPT))
                    .hasMessageContaining(broken);
        }
    }

    /** Matrices of several blocks, of which some lose every row. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32", "F64"})
    void elementsOfLargeMatricesStayAsTheyAreStored(DType type, @TempDir Path folder) {
        // Given
        DeepCheckpoint.write(folder.resolve("deep"), 1, 1024);
        GoldenCheckpoint.convert(folder.resolve("deep"), type, folder.resolve("dense"));
        RemovedUnits units = new RemovedUnits(
                new int[] {0, 7, 15},
                IntStream.range(0, 2560).filter(i -> i % 7 == 3 || i > 2000).toArray());
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            DemoModel.prune(dense, List.of(units), new int[0][], Compensation.NONE, folder.resolve("cut"));
            DemoModel.prune(
                    dense,
                    List.of(units),
                    GoldenCheckpoint.windows(1, 8, 1),
                    Compensation.BIAS,
                    folder.resolve("repaired"));

            // Then
            try (Checkpoint cut = Checkpoint.open(folder.resolve("cut"));
                    Checkpoint repaired = Checkpoint.open(folder.resolve("repaired"))) {
                for (LayerLayout layer : ModelLayout.of(dense).layers()) {
                    for (Linear linear : layer.linears()) {
                        String name = linear.weight().name();
                        byte[] expected = without(units, dense, name);
                        assertThat(bytes(cut, name)).as(name).isEqualTo(expected);
                        assertThat(bytes(repaired, name)).as("repaired " + name).isEqualTo(expected);
                    }
                }
            }
        }
    }

    /** Heads are 64 wide; outputs and down projections lose columns, all others rows. */
    private static byte[] without(RemovedUnits units, Checkpoint dense, String name) {
        TensorInfo tensor = dense.tensor(name);
        boolean attention = name.contains("self_attn");
        Set<Integer> gone = IntStream.of(attention ? units.attention() : units.ffn())
                .boxed()
                .collect(Collectors.toSet());
        IntPredicate stays = position -> !gone.contains(attention ? position / 64 : position);
        boolean columns = name.contains("o_proj") || name.contains("down_proj");
        byte[] whole = bytes(dense, name);
        ByteArrayOutputStream left = new ByteArrayOutputStream();
        int size = tensor.dtype().bytes();
        for (int element = 0; element < whole.length / size; element++) {
            if (stays.test(columns ? element % tensor.dim(1) : element / tensor.dim(1))) {
                left.write(whole, element * size, size);
            }
        }
        return left.toByteArray();
    }

    private static List<RemovedUnits> randomUnits(Checkpoint dense, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<RemovedUnits> removed = new ArrayList<>();
        for (LayerShape shape : dense.config().layers()) {
            int[] attention = shape.unitsPerStep() == 1
                    ? some(random, shape.attentionUnits())
                    : someOfEachGroup(random, shape.unitsPerStep(), shape.headsPerGroup());
            removed.add(new RemovedUnits(attention, some(random, shape.ffnChannels())));
        }
        return removed;
    }

    /** Of each group as many, but others. */
    private static int[] someOfEachGroup(SplittableRandom random, int groups, int heads) {
        int count = random.nextInt(heads);
        return IntStream.range(0, groups)
                .flatMap(group -> {
                    int first = random.nextInt(heads);
                    return IntStream.range(0, count).map(i -> group * heads + (first + i) % heads);
                })
                .sorted()
                .toArray();
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
                LayerStream stream = LayerStream.embedToSum(checkpoint, layout, WINDOWS, MemoryBudget.DEFAULT)) {
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

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "F64"})
    void slicingKeepsEveryStoredWeightBitForBit(DType type, @TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, type, folder.resolve("dense"));
        RemovedUnits units = new RemovedUnits(new int[] {1}, new int[] {0, 79});
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            DemoModel.prune(
                    dense,
                    List.of(RemovedUnits.NONE, units, RemovedUnits.NONE),
                    new int[0][],
                    Compensation.NONE,
                    folder.resolve("pruned"));

            // Then
            try (Checkpoint pruned = Checkpoint.open(folder.resolve("pruned"))) {
                for (String module : List.of("mlp.gate_proj", "mlp.down_proj", "self_attn.o_proj")) {
                    String name = "model.layers.1." + module + ".weight";
                    int rows = dense.tensor(name).dim(0);
                    int columns = dense.tensor(name).dim(1);
                    int[] keptRows = kept(rows, module.contains("gate"), units.ffn(), 1);
                    int[] keptColumns = module.contains("o_proj")
                            ? kept(columns, true, units.attention(), 8)
                            : kept(columns, module.contains("down"), units.ffn(), 1);
                    assertThat(bytes(pruned, name))
                            .isEqualTo(part(bytes(dense, name), type.bytes(), columns, keptRows, keptColumns));
                }
            }
        }
    }

    private static int[] kept(int length, boolean cut, int[] units, int width) {
        return IntStream.range(0, length)
                .filter(i -> !cut || IntStream.of(units).noneMatch(unit -> unit == i / width))
                .toArray();
    }

    private static byte[] bytes(Checkpoint checkpoint, String name) {
        byte[] bytes = new byte[Math.toIntExact(checkpoint.tensor(name).bytes())];
        checkpoint.read(name, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static byte[] part(byte[] matrix, int width, int columns, int[] keptRows, int[] keptColumns) {
        ByteBuffer part = ByteBuffer.allocate(keptRows.length * keptColumns.length * width);
        for (int row : keptRows) {
            for (int column : keptColumns) {
                part.put(matrix, (row * columns + column) * width, width);
            }
        }
        return part.array();
    }

    @Test
    void infiniteWeightIsFoundWithoutComputing(@TempDir Path folder) {
        // Given
        String name = "model.layers.1.mlp.up_proj.weight";
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.BF16, folder.resolve("sound"));
        GoldenCheckpoint.change(
                folder.resolve("sound"), name, bytes -> bytes.putShort(20, (short) 0x7f80), folder.resolve("dense"));
        RemovedUnits units = new RemovedUnits(new int[0], new int[] {0});
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When, then
            assertFails(
                            ErrorCode.MODEL_CORRUPT,
                            () -> DemoModel.prune(
                                    dense,
                                    List.of(RemovedUnits.NONE, units, RemovedUnits.NONE),
                                    new int[0][],
                                    Compensation.NONE,
                                    folder.resolve("pruned")))
                    .contains(name);
        }
    }

    @Test
    void layerThatWouldLoseEveryHeadIsRefused() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            RemovedUnits all = new RemovedUnits(new int[] {0, 1, 2, 3}, new int[0]);
            List<RemovedUnits> removed = List.of(RemovedUnits.NONE, all, RemovedUnits.NONE);
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> new PruningPass(dense, removed, Compensation.NONE, MemoryBudget.DEFAULT))
                    .contains("layer 1", "attention");
        }
    }
}
