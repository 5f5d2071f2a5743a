package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way a layer can get its scores, through the whole pipeline. */
class CriteriaIT extends OneStack {
    private static final int LAYERS = 6;

    /** One takes over when the other is killed. */
    @BeforeAll
    static void twoScorers() throws IOException, InterruptedException {
        stack.ensure("scorer", 2);
    }

    @ParameterizedTest
    @CsvSource({
        "random,    '',          '',           ''",
        "flap,      '',          '',           ''",
        "wanda,     '',          '',           ''",
        "taylor,    '',          zeroth-order, rademacher",
        "fms,       '',          zeroth-order, rank-one",
        "fms,       output,      backprop,     ''",
        "taylor,    mix,         backprop,     ''",
        "gblm,      '',          backprop,     ''",
        "blend,     '',          backprop,     ''",
        "obs,       '',          '',           ''",
    })
    void everyLayerIsScoredAndTheJobEndsInAnEvaluation(
            String criterion, String form, String source, String distribution) {
        String job = String.join("-", criterion, form, source, distribution);
        PruneRequest.Builder request = Requests.small(job).toBuilder();
        request.getScoringBuilder().setCriterion(criterion).setForm(form).setControls("off");
        request.getScoringBuilder().getGradientBuilder().setSource(source).setDistribution(distribution);

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getPruned().getPerplexity()).isFinite();
        assertThat(stack.log().scores(job).stream().filter(ScoreFact::hasLayer)).hasSize(LAYERS);
    }

    @ParameterizedTest
    @CsvSource({"global, bias", "uniform, bias", "global, least-squares", "uniform, none"})
    void everyAllocationAndRepairMeetsABudgetOfParameters(String allocation, String compensation) {
        PruneRequest.Builder request = Requests.small("budget-" + allocation + "-" + compensation).toBuilder();
        request.getScoringBuilder().setCriterion("flap");
        request.getPruningBuilder()
                .clearUnitRatio()
                .setParameterRatio(0.2)
                .setAllocation(allocation)
                .setCompensation(compensation)
                .setRoundTo(1);

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getPruned().getParameters())
                .isLessThanOrEqualTo((long) (0.8 * end.getCompleted().getDense().getParameters()));
    }

    @Test
    void aScorerKilledInAPassThatCannotBeSplitHandsItsPositionOn() throws Exception {
        PruneRequest.Builder request = Requests.small("chain-alone").toBuilder();
        request.getScoringBuilder().setCriterion("taylor").setForm("mix");
        request.getScoringBuilder().getGradientBuilder().setSource("backprop");
        request.getCalibrationBuilder().setSamples(128).setSequenceLength(128);
        stack.run(request.build());
        request.setRequestId("chain-killed");

        stack.client().submit(request.build());
        stack.killWorkerWithTaskInHand("scorer", "chain-killed", "chain");
        JobEvent end = stack.awaitEnd("chain-killed");
        stack.ensure("scorer", 2);

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(Outcome.of(stack, "chain-killed")).isEqualTo(Outcome.of(stack, "chain-alone"));
    }
}
