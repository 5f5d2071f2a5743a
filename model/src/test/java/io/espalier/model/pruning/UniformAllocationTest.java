package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.espalier.base.ErrorCode;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class UniformAllocationTest {
    private static final LayerShape LLAMA_7B = new LayerShape(32, 32, 128, 11008);

    @Provide
    Arbitrary<LayerShape> shapes() {
        return Combinators.combine(
                        Arbitraries.integers().between(1, 16),
                        Arbitraries.integers().between(1, 8),
                        Arbitraries.integers().between(1, 128),
                        Arbitraries.integers().between(1, 3000))
                .as((units, queries, dim, ffn) -> new LayerShape(units * queries, units, dim, ffn));
    }

    @Property
    void everyLayerKeepsAUnitAndRoundChannels(
            @ForAll("shapes") LayerShape shape,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double ratio,
            @ForAll @IntRange(min = 1, max = 128) int roundTo) {
        LayerShape pruned = uniform(roundTo).left(shape, ratio);

        assertThat(pruned.attentionUnits()).isBetween(1, shape.attentionUnits());
        assertThat(pruned.headsPerUnit()).isEqualTo(shape.headsPerUnit());
        assertThat(pruned.headDim()).isEqualTo(shape.headDim());
        assertThat(pruned.ffnChannels()).isBetween(Math.min(32, shape.ffnChannels()), shape.ffnChannels());
        assertThat(pruned.ffnChannels())
                .satisfiesAnyOf(kept -> assertThat(kept % roundTo).isZero(), kept -> assertThat(kept)
                        .isEqualTo(shape.ffnChannels()));
        assertThat(shape.attentionUnits() - pruned.attentionUnits())
                .as("as LLM-Pruner rounds: 0.8 of 10 leaves 1, since (1 - 0.8) * 10 is 1.9999999999999996")
                .isLessThanOrEqualTo(shape.attentionUnits() - (int) Math.floor((1 - ratio) * shape.attentionUnits()));
    }

    @Property
    void aLargerRatioNeverKeepsMore(
            @ForAll("shapes") LayerShape shape,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double one,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double other) {
        LayerShape gentle = uniform(32).left(shape, Math.min(one, other));
        LayerShape harsh = uniform(32).left(shape, Math.max(one, other));

        assertThat(harsh.heads()).isLessThanOrEqualTo(gentle.heads());
        assertThat(harsh.ffnChannels()).isLessThanOrEqualTo(gentle.ffnChannels());
    }

    @Property
    void removesTheLowestAndOfEqualOnesTheFirst(
            @ForAll("shapes") LayerShape shape,
            @ForAll @DoubleRange(min = 0.01, max = 0.99) double ratio,
            @ForAll @LongRange(min = 0, max = 1000) long seed) {
        Random random = new Random(seed);
        double[] ffn = IntStream.range(0, shape.ffnChannels())
                .mapToDouble(i -> random.nextInt(5))
                .toArray();
        double[] attention = new double[shape.attentionUnits()];
        LayerShape left = uniform(1).left(shape, ratio);

        RemovedUnits removed =
                RemovalOrder.of(shape, new UnitScores(attention, ffn)).between(shape, left);

        assertThat(removed.ffn()).hasSize(shape.ffnChannels() - left.ffnChannels());
        assertThat(removed.attention())
                .isEqualTo(IntStream.range(0, shape.attentionUnits() - left.attentionUnits())
                        .toArray());
        Comparator<Integer> order =
                Comparator.<Integer>comparingDouble(i -> ffn[i]).thenComparing(Comparator.naturalOrder());
        List<Integer> lastRemoved = Arrays.stream(removed.ffn())
                .boxed()
                .sorted(order.reversed())
                .limit(1)
                .toList();
        List<Integer> kept = IntStream.range(0, ffn.length)
                .filter(i -> Arrays.binarySearch(removed.ffn(), i) < 0)
                .boxed()
                .toList();
        lastRemoved.forEach(last -> assertThat(kept).allMatch(i -> order.compare(i, last) > 0));
    }

    @Example
    void roundsAsLlmPrunerDoes() {
        assertThat(uniform(1).left(LLAMA_7B, 0.25)).isEqualTo(new LayerShape(24, 24, 128, 8256));
        assertThat(uniform(1).left(LLAMA_7B, 0.60)).isEqualTo(new LayerShape(13, 13, 128, 4403));
        assertThat(uniform(1).left(new LayerShape(32, 8, 128, 14336), 0.25))
                .isEqualTo(new LayerShape(24, 6, 128, 10752));
        assertThat(uniform(32).left(LLAMA_7B, 0.60).ffnChannels()).isEqualTo(4416);
    }

    @Example
    void aThirdOfTheDemoModelLeavesEightHeads() {
        assertThat(uniform(32).left(new LayerShape(12, 12, 16, 512), 0.34)).isEqualTo(new LayerShape(8, 8, 16, 352));
    }

    @Example
    void negativeZeroIsZero() {
        UnitScores scores = new UnitScores(new double[] {0.0, -0.0, 1, 1}, new double[] {1});

        assertThat(RemovalOrder.of(new LayerShape(4, 4, 1, 1), scores)
                        .between(new LayerShape(4, 4, 1, 1), new LayerShape(3, 3, 1, 1))
                        .attention())
                .containsExactly(0);
    }

    @Example
    void refusesScoresThatAreNoNumbers() {
        UnitScores scores = new UnitScores(new double[] {0, Double.NaN}, new double[] {1});

        assertFails(ErrorCode.MODEL_CORRUPT, () -> RemovalOrder.of(new LayerShape(2, 2, 1, 1), scores))
                .contains("attention");
    }

    @Example
    void refusesScoresOfAnotherLayer() {
        UnitScores scores = new UnitScores(new double[3], new double[1]);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> RemovalOrder.of(new LayerShape(2, 2, 1, 1), scores))
                .withMessageContaining("3 scores for 2 units");
    }

    @Example
    void namesARatioThatCannotBeUsed() {
        for (double ratio : new double[] {0, 1, -1, 1.5, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> new Budget.UnitRatio(ratio))
                    .contains("unit ratio");
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> new Budget.ParameterRatio(ratio))
                    .contains("parameter ratio");
        }
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> new Budget.Bytes(0)).contains("bytes");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> uniform(0)).contains("round to");
    }

    private static UniformAllocation uniform(int roundTo) {
        return new UniformAllocation(new UnitRounding(roundTo));
    }
}
