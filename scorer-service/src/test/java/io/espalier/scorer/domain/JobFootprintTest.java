package io.espalier.scorer.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.Recovery;
import io.espalier.job.SearchEffort;
import io.espalier.job.Target;
import io.espalier.model.AttentionUnit;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs on a model of 8 layers of 48 MB. */
class JobFootprintTest {
    private static final int WINDOWS = 64;
    private static final int LENGTH = 128;
    private static final long PARAMETERS = 100_000_000;
    /** Fits any pass over this model that holds no more than layers and hidden states. */
    private static final long SMALL = 140L << 20;

    private static final Target TWO_OF_FOUR =
            new Target.Weights("output", new SparsityPattern.NofM(2, 4), LinearChoice.MLP);

    private static ModelLayout layout;

    @BeforeAll
    static void layOut(@TempDir Path folder) throws IOException {
        Path config = Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llama", "hidden_size": 1024, "intermediate_size": 2560, "num_hidden_layers": 8,
                 "num_attention_heads": 16, "vocab_size": 32000, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5}
                """);
        layout = ModelLayout.of(ModelConfig.read(config), Set.of());
    }

    @ParameterizedTest
    @CsvSource({
        "taylor, backprop, none, exact gradients of half a layer",
        "taylor, zeroth-order, none, one zeroth-order draw",
        "wanda-sp, '', least-squares, least-squares repair of one layer"
    })
    void aJobThatDoesNotFitIsRefusedNamingTheBudgetAndWhatNeedsIt(
            String criterion, String source, String compensation, String what) {
        JobFootprint tooMuch = job(criterion, source, units(compensation), SMALL);

        EspalierException refused = catchThrowableOfType(EspalierException.class, tooMuch::check);

        assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
        assertThat(refused)
                .hasMessageContainingAll(
                        "memory budget", what + " with 64 windows of 128 tokens", "146800640", "raise it");
    }

    @Test
    void theSameModelAndTextFitWhereOnlyStatisticsAreNeeded() {
        JobFootprint enough = job("wanda-sp", "", units("none"), SMALL);

        assertThatCode(enough::check).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "magnitude, '', none, evaluation",
        "wanda-sp, '', none, statistics evaluation",
        "wanda-sp, '', bias, statistics bias evaluation",
        "wanda-sp, '', least-squares, statistics least-squares evaluation",
        "fms, zeroth-order, none, statistics one scoring evaluation",
        "fms, backprop, none, statistics exact evaluation",
        "obs, '', none, Hessians evaluation"
    })
    void aJobOfUnitsIsCheckedForThePassesItRunsAndNoOthers(
            String criterion, String source, String compensation, String passes) {
        List<String> checked = passes(job(criterion, source, units(compensation), SMALL));

        assertThat(checked).containsExactly(passes.split(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "magnitude, '', choosing evaluation",
        "wanda, '', statistics choosing evaluation",
        "gblm, backprop, statistics exact choosing evaluation",
        "dass, '', selection choosing evaluation",
        "sparsegpt, '', SparseGPT evaluation"
    })
    void aJobOfWeightsIsCheckedForThePassesItRunsAndNoOthers(String criterion, String source, String passes) {
        List<String> checked = passes(job(criterion, source, TWO_OF_FOUR, SMALL));

        assertThat(checked).containsExactly(passes.split(" "));
    }

    @Test
    void aSearchIsCheckedForThePriceOfCutsAndTheComparisonOfShapes() {
        Target searched = new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                Target.SEARCHED,
                Optional.of(SearchEffort.MEASURED),
                new UnitRounding(1),
                Compensation.NONE,
                false);

        List<Need> needs = job("magnitude", "", searched, SMALL).needs();

        assertThat(needs)
                .extracting(Need::what)
                .startsWith(
                        "pricing of cuts with 48 windows of 128 tokens",
                        "measuring of one half's cuts with 48 windows of 128 tokens",
                        "comparison of shapes with 64 windows of 128 tokens");
        assertThat(needs).allMatch(need -> need.bytes() > 0);
    }

    @Test
    void aRecoveryIsCheckedForItsTeacherAndForEachWayToTrain() {
        JobSpec plain = spec("magnitude", "", units("none"), false, "");
        JobSpec recovering = new JobSpec(
                plain.jobId(),
                plain.model(),
                plain.calibration(),
                plain.scoring(),
                plain.pruning(),
                plain.evaluation(),
                plain.export(),
                Optional.of(new Recovery(
                        Optional.of(new LocalTraining(false, 10, 4, 1e-3)),
                        Optional.of(new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 10, 4, 1e-3, 1)),
                        Optional.empty(),
                        32,
                        false)),
                plain.seed());

        List<Need> needs = new JobFootprint(
                        recovering, footprint(SMALL), scope(), PARAMETERS, WINDOWS, 4, 32, List.of(), List.of())
                .needs();

        assertThat(needs)
                .extracting(Need::what)
                .startsWith(
                        "reading of the teacher with 32 windows of 128 tokens",
                        "local distillation of one layer with 32 windows of 128 tokens",
                        "training of adapters with 32 windows of 128 tokens");
    }

    @Test
    void aSequentialSelectionIsCheckedAsOnePass() {
        Target sequential = new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.NONE,
                true);

        List<String> checked = passes(job("wanda-sp", "", sequential, SMALL));

        assertThat(checked).containsExactly("selection", "evaluation");
    }

    @Test
    void hessiansOfALayerThatIsCutAtOnceAreRefusedWhereThoseOfADenseOneFit() {
        Target sequential = new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.NONE,
                true);
        assertThatCode(job("obs", "", units("none"), SMALL)::check).doesNotThrowAnyException();

        EspalierException refused =
                catchThrowableOfType(EspalierException.class, job("obs", "", sequential, SMALL)::check);

        assertThat(refused)
                .hasMessageContainingAll("memory budget", "Hessians of one layer with 64 windows", "raise it");
    }

    @Test
    void scoresOfAnEarlierJobNeedNoScoring() {
        JobSpec reused = spec("fms", "backprop", units("bias"), false, "earlier");

        List<String> checked = passes(
                new JobFootprint(reused, footprint(SMALL), scope(), PARAMETERS, WINDOWS, 4, 0, List.of(), List.of()));

        assertThat(checked).containsExactly("bias", "evaluation");
    }

    @Test
    void exactGradientsBesideDrawsAreCheckedBesideThem() {
        JobSpec compared = spec("taylor", "zeroth-order", units("none"), true, "");

        List<String> checked = passes(
                new JobFootprint(compared, footprint(SMALL), scope(), PARAMETERS, WINDOWS, 4, 0, List.of(), List.of()));

        assertThat(checked).containsExactly("one", "exact", "evaluation");
    }

    @Test
    void aRepairNeedsLessTheMoreIsRemoved() {
        long little = repair(new Target.Units(
                cut(0.1),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_OWN,
                false));
        long much = repair(new Target.Units(
                cut(0.5),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_OWN,
                false));

        assertThat(much).isLessThan(little);
    }

    @Test
    void aRepairMayKeepNearlyAllOfALayerWhereLayersAreRankedTogether() {
        Target.Units global = new Target.Units(
                cut(0.5),
                AttentionUnit.KV_GROUP,
                "global",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_OWN,
                false);
        Target.Units oneChannel = new Target.Units(
                cut(1e-3),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_OWN,
                false);

        assertThat(repair(global)).isGreaterThan(repair(oneChannel));
    }

    @Test
    void aBlendedTargetNeedsTheWindowsTwice() {
        long own = repair(new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_OWN,
                false));
        long blend = repair(new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.LEAST_SQUARES_BLEND,
                false));

        assertThat(blend).isGreaterThanOrEqualTo(own + 4L * WINDOWS * LENGTH * 1024);
    }

    private static long repair(Target.Units units) {
        return job("magnitude", "", units, SMALL).needs().get(0).bytes();
    }

    /** First word of each. */
    private static List<String> passes(JobFootprint job) {
        return job.needs().stream().map(need -> need.what().split(" ", 2)[0]).toList();
    }

    private static JobFootprint job(String criterion, String source, Target target, long budget) {
        return new JobFootprint(
                spec(criterion, source, target, false, ""),
                footprint(budget),
                scope(),
                PARAMETERS,
                WINDOWS,
                4,
                0,
                List.of(),
                List.of());
    }

    private static Footprint footprint(long budget) {
        return new Footprint(layout, new Computation(ComputeType.FP32, new MemoryBudget(budget)));
    }

    private static LayerScope scope() {
        return new LayerScope(1, 7);
    }

    private static Target.Units units(String compensation) {
        return new Target.Units(
                cut(0.25),
                AttentionUnit.KV_GROUP,
                "uniform",
                Optional.empty(),
                new UnitRounding(1),
                Compensation.named(compensation, "blend"),
                false);
    }

    private static List<Target.Variant> cut(double ratio) {
        return List.of(new Target.Variant("output", new Budget.UnitRatio(ratio)));
    }

    private static JobSpec spec(String criterion, String source, Target target, boolean compared, String scoresOf) {
        JobSpec.Text text = JobSpec.Text.of("text", WINDOWS, LENGTH);
        return new JobSpec(
                "job",
                "model",
                text,
                new JobSpec.Scoring(
                        criterion,
                        CriterionOptions.usual(),
                        new JobSpec.Gradient(source, "gaussian", 4, 1e-3, compared),
                        JobSpec.Controls.OFF,
                        scoresOf),
                new JobSpec.Pruning("default", target),
                new JobSpec.Evaluation(
                        JobSpec.Text.of("text", 4, LENGTH),
                        false,
                        false,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        JobSpec.Prompts.NONE),
                JobSpec.Export.TRANSFORMERS,
                Optional.empty(),
                1);
    }
}
