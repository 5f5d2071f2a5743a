package io.espalier.pruner.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.artifact.StoredFile;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PrunePlanTest {
    private static final SortedMap<Integer, StoredFile> SCORES =
            new TreeMap<>(Map.of(1, new StoredFile("work/job/one", "11"), 2, new StoredFile("work/job/two", "22")));
    private static final PrunePlan PLAN = new PrunePlan(List.of("small", "smaller"), SCORES);

    @Test
    void everyCheckpointIsPrunedFromTheSameScores() {
        PruneStep step = PLAN.next(List.of());

        assertThat(step)
                .isEqualTo(new PruneStep.Run(List.of(
                        new PruneTask.Prune("prune", "small", SCORES),
                        new PruneTask.Prune("prune-2", "smaller", SCORES))));
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

    private static PruneResult.Staged staged(String output) {
        return new PruneResult.Staged(new StagedArtifact("work/job/staging/of-" + output, artifact(output)));
    }

    private static PrunedArtifact artifact(String output) {
        return new PrunedArtifact(
                output, "sha of " + output, List.of(), "uniform", "", List.of(), "", 0, 0, List.of(), "");
    }
}
