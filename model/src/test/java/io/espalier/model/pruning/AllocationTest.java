package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How budgets are spent on whole models. */
class AllocationTest {
    private static final UnitRounding EXACT = new UnitRounding(1);
    private static final LayerScope ALL = new LayerScope(0, 3);
    private static final Budget HALF = new Budget.UnitRatio(0.5);

    @ParameterizedTest
    @CsvSource({"uniform, 1, NONE", "uniform, 8, BIAS", "global, 1, NONE", "global, 8, BIAS"})
    void parametersLeftMeetTheRatioAndAGentlerShareWouldNot(String name, int roundTo, Compensation compensation) {
        for (double ratio : new double[] {0.05, 0.2, 0.35}) {
            try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
                // Given
                PrunedTensors tensors = new PrunedTensors(dense, compensation);
                Allocation allocation = allocation(name, roundTo, dense);
                long most = (long) Math.floor((1 - ratio) * tensors.parameters());

                // When
                List<LayerShape> left = left(allocation, new Budget.ParameterRatio(ratio), dense, tensors);

                // Then
                assertThat(tensors.parameters(left)).isLessThanOrEqualTo(most);
                assertThat(gentlerThan(left, allocation, dense))
                        .allSatisfy(
                                shapes -> assertThat(tensors.parameters(shapes)).isGreaterThan(most));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"uniform, ATTENTION", "uniform, FEED_FORWARD", "global, ATTENTION", "global, FEED_FORWARD"})
    void onlyTheHalfThatMayLosesUnits(String name, LayerHalf half) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            UnitRounding rounding = new UnitRounding(1, 1, Set.of(half));
            Allocation allocation = Allocation.named(name, rounding, ModelLayout.of(dense), false);

            // When
            List<LayerShape> left = left(allocation, HALF, dense, tensors);

            // Then
            LayerShape whole = dense.config().layers().get(0);
            int attention = left.stream().mapToInt(LayerShape::attentionUnits).sum();
            int channels = left.stream().mapToInt(LayerShape::ffnChannels).sum();
            boolean losesAttention = half == LayerHalf.ATTENTION;
            assertThat(attention).isEqualTo((losesAttention ? 3 : 6) * whole.attentionUnits() / 2);
            assertThat(channels).isEqualTo((losesAttention ? 6 : 3) * whole.ffnChannels() / 2);
        }
    }

    @Test
    void keptHeadsAreAMultipleSoThatTheyCanBeSharedOutBetweenDevices() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given: a quarter of four heads is one
            UnitRounding rounding = new UnitRounding(1, 2, EnumSet.allOf(LayerHalf.class));
            Allocation allocation = new UniformAllocation(rounding);
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);

            // When
            List<LayerShape> little = left(allocation, new Budget.UnitRatio(0.25), dense, tensors);
            List<LayerShape> half = left(allocation, HALF, dense, tensors);

            // Then
            assertThat(little).extracting(LayerShape::heads).containsOnly(4);
            assertThat(half).extracting(LayerShape::heads).containsOnly(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uniform", "global"})
    void layersBetweenOthersCanBeSpared(String name) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            LayerScope ends = LayerScope.parse("0,2", 3);
            Allocation allocation = allocation(name, 1, dense);

            List<LayerShape> left = allocation
                    .shapes(dense.config().layers(), ends, DemoScores.byLayer(scores(dense, 7)))
                    .apply(0.5);

            assertThat(left.get(1)).isEqualTo(dense.config().layers().get(1));
            assertThat(left.get(0)).isNotEqualTo(dense.config().layers().get(0));
            assertThat(left.get(2)).isNotEqualTo(dense.config().layers().get(2));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uniform", "global"})
    void bytesLeftMeetTheBudgetAndAreWhatIsWritten(String name) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            // Given
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            Allocation allocation = allocation(name, 1, dense);
            long budget = tensors.bytes() * 3 / 4;

            // When
            List<LayerShape> left = left(allocation, new Budget.Bytes(budget), dense, tensors);

            // Then
            assertThat(tensors.bytes(left)).isLessThanOrEqualTo(budget);
            assertThat(gentlerThan(left, allocation, dense))
                    .allSatisfy(shapes -> assertThat(tensors.bytes(shapes)).isGreaterThan(budget));
        }
    }

    /** The last shapes on the way to these. */
    private static List<List<LayerShape>> gentlerThan(List<LayerShape> left, Allocation allocation, Checkpoint dense) {
        var shapes = allocation.shapes(dense.config().layers(), ALL, DemoScores.byLayer(scores(dense, 7)));
        for (int share = 0; share <= 10_000; share++) {
            if (shapes.apply(share / 10_000.0).equals(left)) {
                return share == 0 ? List.of() : List.of(shapes.apply((share - 1) / 10_000.0));
            }
        }
        throw new AssertionError("no share leaves " + left);
    }

    private static List<LayerShape> left(
            Allocation allocation, Budget budget, Checkpoint dense, PrunedTensors tensors) {
        return left(allocation, budget, dense, tensors, scores(dense, 7));
    }

    @Test
    void budgetsThatCannotBeMetNameTheirField() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            List<LayerShape> shapes = dense.config().layers();
            LayerScope one = new LayerScope(1, 2);
            for (String name : List.of("uniform", "global")) {
                Allocation allocation = allocation(name, 1, dense);
                assertFails(
                                ErrorCode.INVALID_ARGUMENT,
                                () -> allocation.check(new Budget.ParameterRatio(0.9), shapes, one, tensors))
                        .contains("parameter ratio");
                assertFails(
                                ErrorCode.INVALID_ARGUMENT,
                                () -> allocation.check(new Budget.Bytes(1000), shapes, one, tensors))
                        .contains("bytes", Long.toString(tensors.bytes()));
                assertFails(
                                ErrorCode.INVALID_ARGUMENT,
                                () -> allocation.check(new Budget.Bytes(tensors.bytes()), shapes, one, tensors))
                        .contains("bytes", "already");
                allocation.check(new Budget.ParameterRatio(0.01), shapes, one, tensors);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"uniform", "global"})
    void aBudgetSoSmallThatNoUnitGoesIsRefused(String name) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            Allocation allocation = allocation(name, 1, dense);

            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> allocation.select(
                                    new Budget.UnitRatio(1e-300),
                                    dense.config().layers(),
                                    ALL,
                                    DemoScores.byLayer(scores(dense, 7)),
                                    tensors))
                    .contains("unit ratio", "less than one unit");
        }
    }

    @Test
    void aShareThatIsTheSameInEachLayerIsRefusedBeforeAnythingIsScored() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            Allocation uniform = allocation("uniform", 1, dense);

            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> uniform.check(
                                    new Budget.UnitRatio(1e-300), dense.config().layers(), ALL, tensors))
                    .contains("unit ratio", "less than one unit");
        }
    }

    @Test
    void unknownAllocationIsNamed() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> allocation("magic", 1, dense))
                    .contains("allocation", "magic");
        }
    }

    @ParameterizedTest
    @CsvSource({"src/test/resources/golden/llama", "src/test/resources/golden/llama-gqa"})
    void unitsCostTheirWeights(Path folder) {
        try (Checkpoint dense = Checkpoint.open(folder)) {
            LayerShape shape = dense.config().layers().get(0);

            UnitCost cost = UnitCost.of(ModelLayout.of(dense).layers().get(0));

            double flap = (2.0 * shape.headsPerUnit() + 2) * shape.headDim() / 3;
            assertThat((double) cost.attention() / cost.channel()).isCloseTo(flap, within(1e-12));
            assertThat(cost.channel()).isEqualTo(3L * dense.config().hiddenSize());
        }
    }

    /** FLAP's released code in a few lines: sort, add up costs, cut where what is kept is nearest to its share. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void globalThresholdIsTheOneOfFlap(int seed) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            List<UnitScores> scores = scores(dense, seed);
            List<double[]> units = new ArrayList<>();
            double all = 0;
            for (int layer = 0; layer < 3; layer++) {
                double[] attention = scores.get(layer).standardized().attention();
                double[] ffn = scores.get(layer).standardized().ffn();
                for (double score : attention) {
                    units.add(new double[] {score, 32.0 / 3, layer, 0});
                    all += 32.0 / 3;
                }
                for (double score : ffn) {
                    units.add(new double[] {score, 1, layer, 1});
                    all += 1;
                }
            }
            units.sort((a, b) -> Double.compare(b[0], a[0]));
            double sum = 0;
            double nearest = Double.POSITIVE_INFINITY;
            int kept = 0;
            for (int i = 0; i < units.size(); i++) {
                sum += units.get(i)[1];
                if (Math.abs(sum - 0.7 * all) < nearest) {
                    nearest = Math.abs(sum - 0.7 * all);
                    kept = i + 1;
                }
            }

            // When
            List<LayerShape> left = left(
                    new GlobalAllocation(EXACT, costs(dense), false),
                    new Budget.UnitRatio(0.3),
                    dense,
                    new PrunedTensors(dense, Compensation.NONE),
                    scores);

            // Then
            for (int layer = 0; layer < 3; layer++) {
                int[] stay = new int[2];
                for (double[] unit : units.subList(0, kept)) {
                    if (unit[2] == layer) {
                        stay[(int) unit[3]]++;
                    }
                }
                assertThat(left.get(layer).attentionUnits()).isEqualTo(Math.max(1, stay[0]));
                assertThat(left.get(layer).ffnChannels()).isEqualTo(Math.max(32, stay[1]));
            }
        }
    }

    @Test
    void aWorthlessLayerKeepsAUnitAndThirtyTwoChannels() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            UnitScores worthless = new UnitScores(new double[4], new double[80]);
            double[] heads = {9, 8, 7, 6};
            double[] channels = new double[80];
            Arrays.setAll(channels, channel -> 100 + channel);
            UnitScores precious = new UnitScores(heads, channels);

            // When
            List<LayerShape> left = left(
                    new GlobalAllocation(EXACT, costs(dense), true),
                    HALF,
                    dense,
                    new PrunedTensors(dense, Compensation.NONE),
                    List.of(worthless, precious, precious));

            // Then
            assertThat(left.get(0)).isEqualTo(new LayerShape(1, 1, 8, 32));
        }
    }

    private static List<LayerShape> left(
            Allocation allocation, Budget budget, Checkpoint dense, PrunedTensors tensors, List<UnitScores> scores) {
        List<LayerShape> before = dense.config().layers();
        List<RemovedUnits> removed = allocation.select(budget, before, ALL, DemoScores.byLayer(scores), tensors);
        List<LayerShape> left = new ArrayList<>();
        for (int layer = 0; layer < before.size(); layer++) {
            left.add(new Surgery(removed.get(layer)).shape(before.get(layer)));
        }
        return left;
    }

    private static Allocation allocation(String name, int roundTo, Checkpoint dense) {
        return Allocation.named(name, new UnitRounding(roundTo), ModelLayout.of(dense), false);
    }

    private static List<UnitCost> costs(Checkpoint dense) {
        return ModelLayout.of(dense).layers().stream().map(UnitCost::of).toList();
    }

    private static List<UnitScores> scores(Checkpoint dense, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return dense.config().layers().stream()
                .map(shape -> new UnitScores(
                        random.doubles(shape.attentionUnits()).toArray(),
                        random.doubles(shape.ffnChannels()).toArray()))
                .toList();
    }
}
