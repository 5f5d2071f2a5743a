package io.espalier.pruner.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.job.SearchEffort;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.transformer.LayerHalf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PrunePlanTest {
    private static final SortedMap<Integer, StoredFile> SCORES =
            new TreeMap<>(Map.of(1, new StoredFile("work/job/one", "11"), 2, new StoredFile("work/job/two", "22")));
    private static final PrunePlan PLAN = new PrunePlan(List.of("small", "smaller"), SCORES, Optional.empty(), false);

    private static final StoredFile PRICES = file("prices");
    private static final Component ATTENTION = new Component(1, LayerHalf.ATTENTION);
    private static final Component FFN = new Component(2, LayerHalf.FEED_FORWARD);
    private static final PruneResult.Priced PRICED = new PruneResult.Priced(List.of(ATTENTION, FFN), PRICES);
    private static final List<PruneResult> MEASURED =
            List.of(new PruneResult.Measured(file("one")), new PruneResult.Measured(file("two")));

    @Test
    void everyCheckpointIsPrunedFromTheSameScores() {
        PruneStep step = PLAN.next(List.of());

        assertThat(step)
                .isEqualTo(new PruneStep.Run(
                        "prune",
                        List.of(
                                new PruneTask.Prune("prune", "small", SCORES, Optional.empty()),
                                new PruneTask.Prune("prune-2", "smaller", SCORES, Optional.empty()))));
    }

    @Test
    void theStagingThatIsCommittedIsTheOneOfTheArtifactWhereverItStandsAmongTheResults() {
        PruneStep step = PLAN.next(List.of(List.of(staged("smaller"), staged("small"))));

        assertThat(step)
                .isEqualTo(new PruneStep.Commit(List.of(
                        new PruneTask.Commit("commit", staged("small").staged()),
                        new PruneTask.Commit("commit-2", staged("smaller").staged()))));
    }

    @Test
    void committedArtifactsComeInTheOrderOfTheRequest() {
        PruneStep step = PLAN.next(List.of(
                List.of(staged("small"), staged("smaller")),
                List.of(new PruneResult.Committed(artifact("smaller")), new PruneResult.Committed(artifact("small")))));

        assertThat(step).isEqualTo(new PruneStep.Done(List.of(artifact("small"), artifact("smaller"))));
    }

    @Test
    void whatIsRecoveredIsHandedOnAsItIsStaged() {
        PrunePlan recovering = new PrunePlan(PLAN.outputs(), SCORES, Optional.empty(), true);

        PruneStep step = recovering.next(List.of(List.of(staged("smaller"), staged("small"))));

        assertThat(step)
                .isEqualTo(new PruneStep.Staged(
                        List.of(staged("small").staged(), staged("smaller").staged())));
    }

    @Test
    void aSearchPricesTheCutsFirst() {
        PruneStep step = searched(SearchEffort.MEASURED).next(List.of());

        assertThat(step).isEqualTo(new PruneStep.Run("price", List.of(new PruneTask.Price(SCORES))));
    }

    @Test
    void eachPricedComponentIsMeasuredByItsOwnLayersScores() {
        PruneStep step = searched(SearchEffort.MEASURED).next(List.of(List.of(PRICED)));

        assertThat(step)
                .isEqualTo(new PruneStep.Run(
                        "measure",
                        List.of(
                                new PruneTask.Measure(ATTENTION, new StoredFile("work/job/one", "11"), PRICES),
                                new PruneTask.Measure(FFN, new StoredFile("work/job/two", "22"), PRICES))));
        assertThat(((PruneStep.Run) step).tasks())
                .extracting(PruneTask::id)
                .containsExactly("measure-1-attention", "measure-2-ffn");
    }

    @Test
    void allPricesAreJudgedForEachCheckpoint() {
        PruneStep step = searched(SearchEffort.MEASURED).next(List.of(List.of(PRICED), MEASURED));

        List<StoredFile> measured = List.of(file("one"), file("two"));
        assertThat(step)
                .isEqualTo(new PruneStep.Run(
                        "judge",
                        List.of(
                                new PruneTask.Judge("judge", "small", SCORES, PRICES, measured),
                                new PruneTask.Judge("judge-2", "smaller", SCORES, PRICES, measured))));
    }

    @Test
    void anEstimateIsJudgedWithoutMeasuring() {
        PruneStep step = searched(SearchEffort.ESTIMATE).next(List.of(List.of(PRICED)));

        assertThat(step)
                .isEqualTo(new PruneStep.Run(
                        "judge",
                        List.of(
                                new PruneTask.Judge("judge", "small", SCORES, PRICES, List.of()),
                                new PruneTask.Judge("judge-2", "smaller", SCORES, PRICES, List.of()))));
    }

    @ParameterizedTest
    @EnumSource
    void eachCheckpointIsPrunedToTheShapesThatWereChosenForIt(SearchEffort effort) {
        PruneStep step = searched(effort).next(judged(effort));

        assertThat(step)
                .isEqualTo(new PruneStep.Run(
                        "prune",
                        List.of(
                                new PruneTask.Prune("prune", "small", SCORES, Optional.of(chosen("small"))),
                                new PruneTask.Prune("prune-2", "smaller", SCORES, Optional.of(chosen("smaller"))))));
    }

    @ParameterizedTest
    @EnumSource
    void aSearchEndsAsEveryOtherJobDoes(SearchEffort effort) {
        // Given
        List<List<PruneResult>> waves = new ArrayList<>(judged(effort));
        waves.add(List.of(staged("small"), staged("smaller")));
        PruneStep commit = searched(effort).next(waves);
        waves.add(
                List.of(new PruneResult.Committed(artifact("small")), new PruneResult.Committed(artifact("smaller"))));

        // When
        PruneStep end = searched(effort).next(waves);

        // Then
        assertThat(commit)
                .isEqualTo(new PruneStep.Commit(List.of(
                        new PruneTask.Commit("commit", staged("small").staged()),
                        new PruneTask.Commit("commit-2", staged("smaller").staged()))));
        assertThat(end).isEqualTo(new PruneStep.Done(List.of(artifact("small"), artifact("smaller"))));
    }

    private static PrunePlan searched(SearchEffort effort) {
        return new PrunePlan(List.of("small", "smaller"), SCORES, Optional.of(effort), false);
    }

    /** The results of every wave of the search. */
    private static List<List<PruneResult>> judged(SearchEffort effort) {
        List<PruneResult> judged =
                List.of(new PruneResult.Judged(chosen("smaller")), new PruneResult.Judged(chosen("small")));
        return effort == SearchEffort.MEASURED
                ? List.of(List.of(PRICED), MEASURED, judged)
                : List.of(List.of(PRICED), judged);
    }

    private static ChosenShapes chosen(String output) {
        return new ChosenShapes(
                output,
                List.of(new LayerShape(4, 2, 8, 64)),
                List.of(new SearchCandidate("uniform", 0.1, 0.2, 3, true)),
                file(output));
    }

    private static StoredFile file(String name) {
        return new StoredFile("work/job/" + name + ".json", name);
    }

    private static PruneResult.Staged staged(String output) {
        return new PruneResult.Staged(new StagedArtifact("work/job/staging/of-" + output, artifact(output)));
    }

    private static PrunedArtifact artifact(String output) {
        return new PrunedArtifact(
                output, "sha of " + output, List.of(), "uniform", "", List.of(), "", 0, 0, List.of(), "", List.of());
    }
}
