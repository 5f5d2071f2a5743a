package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way a layer can get its scores, through the whole pipeline. */
class CriteriaIT extends SoundStack {
    private static final int LAYERS = 6;

    /** One way to score the layers of the small request. */
    record Way(String criterion, String form, String source, String distribution) {
        PruneRequest request() {
            PruneRequest.Builder request =
                    Requests.small(String.join("-", criterion, form, source, distribution)).toBuilder();
            request.getScoringBuilder().setCriterion(criterion).setForm(form).setControls("off");
            request.getScoringBuilder().getGradientBuilder().setSource(source).setDistribution(distribution);
            return request.build();
        }
    }

    static List<Way> ways() {
        return List.of(
                new Way("random", "", "", ""),
                new Way("flap", "", "", ""),
                new Way("wanda", "", "", ""),
                new Way("taylor", "", "zeroth-order", "rademacher"),
                new Way("fms", "", "zeroth-order", "rank-one"),
                new Way("fms", "output", "backprop", ""),
                new Way("taylor", "mix", "backprop", ""),
                new Way("gblm", "", "backprop", ""),
                new Way("blend", "", "backprop", ""),
                new Way("obs", "", "", ""));
    }

    /** One way to meet a budget of parameters with the small request. */
    record Cut(String allocation, String compensation) {
        PruneRequest request() {
            PruneRequest.Builder request = Requests.small("budget-" + allocation + "-" + compensation).toBuilder();
            request.getScoringBuilder().setCriterion("flap");
            request.getPruningBuilder()
                    .clearUnitRatio()
                    .setParameterRatio(0.2)
                    .setAllocation(allocation)
                    .setCompensation(compensation)
                    .setRoundTo(1);
            return request.build();
        }
    }

    static List<Cut> cuts() {
        return List.of(
                new Cut("global", "bias"),
                new Cut("uniform", "bias"),
                new Cut("global", "least-squares"),
                new Cut("uniform", "none"));
    }

    /** All at once: while one is pruned and evaluated, others are scored. */
    @BeforeAll
    static void publishEveryRequest() {
        ways().forEach(way -> stack.client().submit(way.request()));
        cuts().forEach(cut -> stack.client().submit(cut.request()));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void everyLayerIsScoredAndTheJobEndsInAnEvaluation(Way way) {
        String job = way.request().getRequestId();

        JobEvent end = stack.awaitEnd(job);

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getPruned().getPerplexity()).isFinite();
        assertThat(stack.log().scores(job).stream().filter(ScoreFact::hasLayer)).hasSize(LAYERS);
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void everyAllocationAndRepairMeetsABudgetOfParameters(Cut cut) {
        JobEvent end = stack.awaitEnd(cut.request().getRequestId());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getPruned().getParameters())
                .isLessThanOrEqualTo((long) (0.8 * end.getCompleted().getDense().getParameters()));
    }
}
