package io.espalier.scorer.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.job.TextRead;
import io.espalier.model.AttentionUnit;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.tensor.Computation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScorePlanTest {
    private static final int WINDOWS = 10;
    private static final int DRAWS = 6;
    private static final List<Target.Variant> HALF = List.of(new Target.Variant("output", new Budget.UnitRatio(0.5)));
    private static final Target UNITS = new Target.Units(
            HALF, AttentionUnit.KV_GROUP, "uniform", Optional.empty(), new UnitRounding(32), Compensation.NONE, false);
    private static final Target TWO_OF_FOUR =
            new Target.Weights("output", new SparsityPattern.NofM(2, 4), LinearChoice.ALL);
    private static final long SMALL = 1_000_000;
    private static final long LARGE = 70_000_000_000L;

    @Test
    void aJobIsInspectedBeforeAnythingElse() {
        ScoreStep first = new ScorePlan(spec("fms")).next(List.of());

        assertThat(tasks(first)).containsExactly(new ScoreTask.Inspect());
    }

    @Test
    void theTasksOfFmsCoverEveryWindowAndEveryDrawOnce() {
        List<ScoreTask> collect = tasks(new ScorePlan(spec("fms")).next(List.of(inspected(SMALL))));

        assertThat(covered(collect, true)).isEqualTo(range(WINDOWS));
        assertThat(covered(collect, false)).isEqualTo(range(DRAWS));
    }

    @Test
    void aSmallModelIsSplitSoThatSeveralWorkersHaveWork() {
        List<ScoreTask> collect = tasks(new ScorePlan(spec("wanda-sp")).next(List.of(inspected(SMALL))));

        assertThat(collect).hasSize(4);
    }

    @Test
    void aLargeModelIsSplitIntoTasksOfOneWindowOrDraw() {
        List<ScoreTask> collect = tasks(new ScorePlan(spec("fms")).next(List.of(inspected(LARGE))));

        assertThat(collect).hasSize(WINDOWS + DRAWS);
    }

    @Test
    void aCriterionOfWeightsAloneGoesStraightToTheLayers() {
        List<ScoreTask> layers = tasks(new ScorePlan(spec("magnitude")).next(List.of(inspected(SMALL))));

        assertThat(layers)
                .containsExactly(
                        new ScoreTask.ScoreLayer(1, List.of(), List.of()),
                        new ScoreTask.ScoreLayer(2, List.of(), List.of()));
    }

    @Test
    void everyLayerIsScoredFromAllStatisticsAndLossesInPlanOrder() {
        StoredFile one = new StoredFile("one", "1");
        StoredFile two = new StoredFile("two", "2");
        List<ScoreResult> collected = List.of(
                new ScoreResult.StatisticsCollected(one),
                new ScoreResult.StatisticsCollected(two),
                new ScoreResult.LossesCollected(List.of(new DrawLosses(0, 1, 2))),
                new ScoreResult.LossesCollected(List.of(new DrawLosses(1, 3, 4))));

        List<ScoreTask> layers = tasks(new ScorePlan(spec("fms")).next(List.of(inspected(SMALL), collected)));

        assertThat(layers)
                .contains(new ScoreTask.ScoreLayer(
                        1, List.of(one, two), List.of(new DrawLosses(0, 1, 2), new DrawLosses(1, 3, 4))))
                .hasSize(2);
    }

    @Test
    void scoringEndsWithOneFileForEachLayerInScope() {
        List<ScoreResult> layers = List.of(
                new ScoreResult.LayerScored(1, new StoredFile("a", "1"), List.of()),
                new ScoreResult.LayerScored(2, new StoredFile("b", "2"), List.of()));

        ScoreStep end = new ScorePlan(spec("magnitude")).next(List.of(inspected(SMALL), layers));

        assertThat(((ScoreStep.Done) end).scores())
                .containsExactly(Map.entry(1, new StoredFile("a", "1")), Map.entry(2, new StoredFile("b", "2")));
    }

    @Test
    void exactGradientsComeFromOnePassThatCarriesTheLayers() {
        ScoreStep.Run step = (ScoreStep.Run) new ScorePlan(spec("taylor", "backprop")).next(List.of(inspected(SMALL)));

        assertThat(step.tasks()).containsExactly(new ScoreTask.Chain(List.of(), List.of()));
        assertThat(step.carried()).extracting(ScoreTask::id).containsExactly("layer-1", "layer-2");
    }

    @ParameterizedTest
    @CsvSource({"taylor,''", "taylor,magic", "gblm,zeroth-order"})
    void aGradientSourceThatTheCriterionCannotUseIsRefusedByName(String criterion, String source) {
        assertThatThrownBy(() -> new ScorePlan(spec(criterion, source)))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("gradient source");
    }

    @Test
    void whatIsMeasuredBehindPrunedLayersComesFromOnePassToo() {
        Target sequential = new Target.Units(
                HALF,
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(32),
                Compensation.NONE,
                true);

        for (JobSpec spec : List.of(spec("wanda-sp", "", sequential), spec("dass", "", TWO_OF_FOUR))) {
            assertThat(tasks(new ScorePlan(spec).next(List.of(inspected(SMALL)))))
                    .containsExactly(new ScoreTask.Chain(List.of(), List.of()));
        }
    }

    @Test
    void sparsegptIsAllThePrunersWork() {
        ScoreStep step = new ScorePlan(spec("sparsegpt", "", TWO_OF_FOUR)).next(List.of(inspected(SMALL)));

        assertThat(((ScoreStep.Done) step).scores()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"wanda-sp", "block-influence", "obs"})
    void aCriterionOfUnitsChoosesNoSingleWeights(String criterion) {
        assertThatThrownBy(() -> new ScorePlan(spec(criterion, "", TWO_OF_FOUR)))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("criterion");
    }

    @ParameterizedTest
    @CsvSource({"dass", "sparsegpt", "block-influence"})
    void aCriterionOfSingleWeightsOrWholeLayersRanksNoUnits(String criterion) {
        assertThatThrownBy(() -> new ScorePlan(spec(criterion)))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("criterion");
    }

    @ParameterizedTest
    @CsvSource({"wanda-sp", "fms"})
    void aCriterionOfUnitsRanksNoLayers(String criterion) {
        assertThatThrownBy(() -> new ScorePlan(spec(criterion, "zeroth-order", new Target.Layers(HALF))))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("criterion");
    }

    @Test
    void anUnknownCriterionIsRefusedByName() {
        assertThatThrownBy(() -> new ScorePlan(spec("magic")))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("criterion");
    }

    private static List<Integer> covered(List<ScoreTask> tasks, boolean statistics) {
        List<Integer> covered = new ArrayList<>();
        for (ScoreTask task : tasks) {
            if (statistics && task instanceof ScoreTask.CollectStatistics part) {
                IntStream.range(part.first(), part.last()).forEach(covered::add);
            } else if (!statistics && task instanceof ScoreTask.CollectLosses part) {
                IntStream.range(part.first(), part.last()).forEach(covered::add);
            }
        }
        return covered;
    }

    private static List<Integer> range(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static List<ScoreTask> tasks(ScoreStep step) {
        return ((ScoreStep.Run) step).tasks();
    }

    private static List<ScoreResult> inspected(long parameters) {
        return List.of(new ScoreResult.Inspected(new Inspection(
                "llama",
                Collections.nCopies(4, new LayerShape(4, 4, 8, 64)),
                parameters,
                "",
                "",
                "",
                WINDOWS,
                1,
                1,
                3,
                List.of(),
                2,
                Computation.EXACT,
                Map.of(),
                List.of(),
                TextRead.UNKNOWN,
                TextRead.UNKNOWN,
                List.of(),
                List.of(),
                "",
                List.of())));
    }

    private static JobSpec spec(String criterion) {
        return spec(criterion, "zeroth-order");
    }

    private static JobSpec spec(String criterion, String source) {
        return spec(criterion, source, UNITS);
    }

    private static JobSpec spec(String criterion, String source, Target target) {
        JobSpec.Text text = JobSpec.Text.of("text", WINDOWS, 128);
        return new JobSpec(
                "job",
                "model",
                text,
                new JobSpec.Scoring(
                        criterion,
                        CriterionOptions.usual(),
                        new JobSpec.Gradient(source, "gaussian", DRAWS, 1e-3, false),
                        JobSpec.Controls.RANKS,
                        ""),
                new JobSpec.Pruning("default", target),
                new JobSpec.Evaluation(
                        text, false, false, Optional.empty(), List.of(), List.of(), JobSpec.Prompts.NONE),
                JobSpec.Export.TRANSFORMERS,
                Optional.empty(),
                1);
    }
}
