package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.AttentionUnit;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Query heads inside KV groups as units of their own. */
class QueryHeadTest {
    /** 8 query heads, 2 KV heads. */
    private static final Path GROUPED = GoldenCheckpoint.LLAMA_GQA;

    private static final LayerScope ALL = new LayerScope(0, 3);

    @ParameterizedTest
    @CsvSource({"uniform, 0.25, 6", "uniform, 0.5, 4", "uniform, 0.9, 2", "global, 0.5, 0"})
    void everyGroupLosesItsLowestHeadsAndAsManyAsTheOthers(String name, double ratio, int heads) {
        try (Checkpoint dense = Checkpoint.open(GROUPED, GROUPED, AttentionUnit.QUERY_HEAD)) {
            // Given
            PrunedTensors tensors = new PrunedTensors(dense, Compensation.NONE);
            double[] attention = {5, 1, 7, 3, 2, 9, 0, 4};
            double[] ffn = DoubleStream.iterate(0, i -> i + 1)
                    .limit(dense.config().layers().get(0).ffnChannels())
                    .toArray();
            UnitScores scores = new UnitScores(attention, ffn);
            Allocation allocation = Allocation.named(name, new UnitRounding(1), ModelLayout.of(dense), false);

            // When
            List<RemovedUnits> removed = allocation.select(
                    new Budget.UnitRatio(ratio),
                    dense.config().layers(),
                    ALL,
                    Map.of(0, scores, 1, scores, 2, scores),
                    tensors);

            // Then
            int[][] ofEachGroup = {{1, 3, 0, 2}, {6, 4, 7, 5}};
            for (RemovedUnits layer : removed) {
                int steps = layer.attention().length / 2;
                assertThat(layer.attention()).hasSize(2 * steps);
                for (int[] group : ofEachGroup) {
                    for (int step = 0; step < steps; step++) {
                        assertThat(layer.attention()).contains(group[step]);
                    }
                }
                if (heads > 0) {
                    assertThat(8 - layer.attention().length).isEqualTo(heads);
                }
            }
        }
    }

    @Test
    void keysAndValuesStayAndTheCheckpointIsOfFewerHeads(@TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(GROUPED, GROUPED, AttentionUnit.QUERY_HEAD)) {
            // Given
            RemovedUnits oneOfEach = new RemovedUnits(new int[] {3, 4}, new int[0]);

            // When
            DemoModel.prune(dense, List.of(oneOfEach, oneOfEach, oneOfEach), new int[0][], Compensation.NONE, folder);

            // Then
            try (Checkpoint pruned = Checkpoint.open(folder)) {
                LayerShape shape = pruned.config().layers().get(0);
                assertThat(shape).isEqualTo(new LayerShape(6, 2, 4, shape.ffnChannels()));
                for (String kept : List.of("k_proj", "v_proj")) {
                    String tensor = "model.layers.1.self_attn.%s.weight".formatted(kept);
                    assertThat(pruned.tensor(tensor).shape())
                            .isEqualTo(dense.tensor(tensor).shape());
                }
                assertThat(pruned.tensor("model.layers.1.self_attn.o_proj.weight")
                                .dim(1))
                        .isEqualTo(24);
            }
        }
    }

    @Test
    void aGroupThatWouldLoseMoreHeadsThanAnotherIsRefused() {
        try (Checkpoint dense = Checkpoint.open(GROUPED, GROUPED, AttentionUnit.QUERY_HEAD)) {
            RemovedUnits uneven = new RemovedUnits(new int[] {0, 1}, new int[0]);

            assertThatThrownBy(() -> RemovedUnits.check(
                            List.of(uneven, RemovedUnits.NONE, RemovedUnits.NONE),
                            dense.config().layers()))
                    .hasMessageContaining("layer 0 would lose more query heads in one KV group");
        }
    }

    /** By magnitude a group is its heads, its keys and its values. */
    @Test
    void theScoresOfAGroupsHeadsAreTheGroupsWithoutItsKeysAndValues() {
        // When
        double[] heads = magnitudes(AttentionUnit.QUERY_HEAD);
        double[] groups = magnitudes(AttentionUnit.KV_GROUP);

        // Then
        assertThat(heads).hasSize(8);
        try (Checkpoint dense = Checkpoint.open(GROUPED)) {
            for (int group = 0; group < 2; group++) {
                double sum = keysAndValues(dense, group);
                for (int head = 4 * group; head < 4 * group + 4; head++) {
                    sum += heads[head];
                }
                assertThat(sum).isCloseTo(groups[group], within(1e-4 * groups[group]));
            }
        }
    }

    private static double keysAndValues(Checkpoint dense, int group) {
        LayerLayout layer = ModelLayout.of(dense).layers().get(0);
        double sum = 0;
        try (LayerWeights weights = LayerWeights.read(dense, layer)) {
            for (Linear linear : layer.attention().projections()) {
                if (linear.module().matches(".*[kv]_proj")) {
                    float[] values = weights.get(linear.weight()).floats();
                    for (int i = group * values.length / 2; i < (group + 1) * values.length / 2; i++) {
                        sum += Math.abs(values[i]);
                    }
                }
            }
        }
        return sum;
    }

    private static double[] magnitudes(AttentionUnit unit) {
        try (Checkpoint dense = Checkpoint.open(GROUPED, GROUPED, unit)) {
            LayerLayout layer = ModelLayout.of(dense).layers().get(0);
            try (LayerWeights weights = LayerWeights.read(dense, layer)) {
                return Criterion.named("magnitude", 1)
                        .score(new LayerEvidence(layer, weights, 0))
                        .attention();
            }
        }
    }
}
