package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SequentialPassTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(8, 24, 5);
    private static final LayerScope ALL = new LayerScope(0, 3);
    private static final double HALF = 0.5;

    /** By layer. */
    private record Found(Map<Integer, UnitScores> scores, Map<Integer, RemovedUnits> removed) {
        Found() {
            this(new TreeMap<>(), new TreeMap<>());
        }

        void add(LayerLayout layer, UnitScores found, RemovedUnits units) {
            scores.put(layer.index(), found);
            removed.put(layer.index(), units);
        }
    }

    private static SequentialPass pass(Checkpoint checkpoint, String criterion, LayerScope scope) {
        return new SequentialPass(
                checkpoint,
                WINDOWS,
                scope,
                Criterion.named(criterion, 1),
                new UnitRounding(1),
                HALF,
                0,
                MemoryBudget.DEFAULT);
    }

    private static Found run(SequentialPass pass, Path folder) {
        Found found = new Found();
        pass.run(
                folder,
                (layer, scores, removed) -> found.add(layer, scores.of(pass.criterion()), removed),
                Progress.SILENT);
        return found;
    }

    @ParameterizedTest
    @CsvSource({
        "llama, wanda",
        "llama-gqa, wanda-sp",
        "gemma2, flap",
        "phi3, wanda-sp",
        "opt, wanda-sp",
        "bloom, wanda-sp",
        "qwen2, obs",
        "bloom-h6, obs"
    })
    void eachLayerIsMeasuredBehindThoseAlreadyPruned(String family, String name, @TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of(family))) {
            // When
            Found found = run(pass(dense, name, ALL), folder.resolve("position"));

            // Then
            List<RemovedUnits> before = new ArrayList<>();
            for (int layer = 0; layer < ALL.last(); layer++) {
                List<RemovedUnits> removed = new ArrayList<>(before);
                while (removed.size() < ALL.last()) {
                    removed.add(RemovedUnits.NONE);
                }
                Path pruned = folder.resolve("pruned-" + layer);
                DemoModel.prune(dense, removed, WINDOWS, Compensation.NONE, pruned);
                assertClose(found.scores().get(layer), plain(pruned, name, layer, folder));
                before.add(found.removed().get(layer));
            }
        }
    }

    /** The scores of one layer of a checkpoint as it is. */
    private static UnitScores plain(Path folder, String name, int layer, Path positions) {
        Criterion criterion = Criterion.named(name, 1);
        LayerScope alone = new LayerScope(layer, layer + 1);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            if (!criterion.needsHessians()) {
                InputStatistics statistics = InputStatistics.collect(checkpoint, WINDOWS, alone, Progress.SILENT);
                return LayerScorer.score(checkpoint, layer, List.of(criterion), 0, statistics, null)
                        .get(name);
            }
            List<UnitScores> scores = new ArrayList<>();
            new HessianPass(checkpoint, WINDOWS, alone, MemoryBudget.DEFAULT)
                    .run(
                            positions.resolve("plain-" + layer),
                            (layout, weights, hessians) ->
                                    scores.add(criterion.score(new LayerEvidence(layout, weights, 0).with(hessians))),
                            Progress.SILENT);
            return scores.get(0);
        }
    }

    /** Within the golden tolerances. */
    private static void assertClose(UnitScores found, UnitScores expected) {
        assertClose(found.attention(), expected.attention());
        assertClose(found.ffn(), expected.ffn());
    }

    private static void assertClose(double[] found, double[] expected) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(found).containsExactly(expected, Offset.offset(2e-4 * largest));
    }

    @Test
    void whatIsTakenIsTheHalfOfTheLowestScores(@TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            Found found = run(pass(dense, "wanda-sp", new LayerScope(1, 3)), folder);

            assertThat(found.removed().keySet()).containsExactly(1, 2);
            found.removed().forEach((layer, removed) -> {
                assertThat(removed.attention()).hasSize(2);
                assertThat(removed.ffn()).hasSize(40);
                double[] scores = found.scores().get(layer).ffn();
                double median = Arrays.stream(scores).sorted().toArray()[40];
                assertThat(Arrays.stream(removed.ffn())).allMatch(channel -> scores[channel] < median);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wanda-sp", "obs"})
    void aSuccessorContinuesBehindThePrunedLayersWithTheSameNumbers(String criterion, @TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            Found uncut = run(pass(dense, criterion, ALL), folder.resolve("uncut"));
            Path position = folder.resolve("cut");
            assertThatThrownBy(() -> pass(dense, criterion, ALL)
                            .run(position, (layer, scores, removed) -> {}, (unit, done, total, tokens) -> {
                                throw new EspalierException(ErrorCode.CANCELLED, "stopped");
                            }))
                    .isInstanceOf(EspalierException.class);

            // When
            Found rest = run(pass(dense, criterion, ALL), position);

            // Then
            assertThat(rest.scores().keySet()).containsExactly(1, 2);
            rest.scores().forEach((layer, scores) -> assertThat(scores)
                    .isEqualTo(uncut.scores().get(layer)));
            rest.removed().forEach((layer, removed) -> assertThat(removed)
                    .isEqualTo(uncut.removed().get(layer)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"wanda", "wanda-sp", "flap", "obs"})
    void aUniformShareOfTheUnitsCanBeSelectedSequentially(String criterion) {
        Budget budget = new Budget.UnitRatio(0.3);

        assertThat(SequentialPass.check(Criterion.named(criterion, 1), budget, "uniform"))
                .isEqualTo(0.3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "magnitude", "fms", "taylor", "gblm", "blend", "block-influence"})
    void criteriaThatLookElsewhereCannot(String criterion) {
        assertRefused(criterion, new Budget.UnitRatio(0.3), "uniform");
    }

    @Test
    void whatOnlyTheWholeModelDecidesCannot() {
        assertRefused("wanda-sp", new Budget.UnitRatio(0.3), "global");
        assertRefused("wanda-sp", new Budget.ParameterRatio(0.3), "uniform");
        assertRefused("wanda-sp", new Budget.Bytes(1000), "uniform");
    }

    private static void assertRefused(String criterion, Budget budget, String allocation) {
        assertFails(
                        ErrorCode.INVALID_ARGUMENT,
                        () -> SequentialPass.check(Criterion.named(criterion, 1), budget, allocation))
                .contains("selection");
    }
}
