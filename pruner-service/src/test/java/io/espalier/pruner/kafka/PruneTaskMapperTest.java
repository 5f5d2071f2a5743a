package io.espalier.pruner.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.LayerShape;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.pruner.domain.ChosenShapes;
import io.espalier.pruner.domain.Component;
import io.espalier.pruner.domain.PruneResult;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.pruner.domain.PrunedArtifact;
import io.espalier.pruner.domain.SearchCandidate;
import io.espalier.pruner.domain.StagedArtifact;
import io.espalier.v1.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.FileRef;
import io.espalier.v1.JobInputs;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PruneWork;
import io.espalier.v1.Pruning;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PruneTaskMapperTest {
    private static final JobInputs INPUTS =
            JobInputs.newBuilder().setFirstLayer(9).setLastLayer(11).build();
    private static final PruneRequest REQUEST = PruneRequest.newBuilder()
            .setModel("llama")
            .setCalibration(Calibration.newBuilder().setText("text"))
            .setPruning(Pruning.newBuilder()
                    .addBudgets(Budget.newBuilder().setUnitRatio(0.1).setOutput("small"))
                    .addBudgets(Budget.newBuilder().setUnitRatio(0.2).setOutput("smaller")))
            .build();
    private static final StoredFile NINE = new StoredFile("work/job/nine", "99");
    private static final StoredFile TEN = new StoredFile("work/job/ten", "10");

    private static final SortedMap<Integer, StoredFile> SCORES = new TreeMap<>(Map.of(10, TEN, 9, NINE));
    private static final StoredFile PRICES = new StoredFile("work/job/prices.json", "77");
    private static final List<SearchCandidate> CANDIDATES = List.of(
            new SearchCandidate("uniform", 0.25, 0.5, 100, false),
            new SearchCandidate("measured", 0.125, 0.25, 99, true));
    private static final ChosenShapes CHOSEN = new ChosenShapes(
            "smaller", List.of(new LayerShape(4, 2, 8, 64), new LayerShape(2, 1, 8, 96)), CANDIDATES, PRICES);

    @Test
    void onTheWireACheckpointIsTheNumberOfItsBudgetAndFilesStandInLayerOrder() {
        PruneTask task = new PruneTask.Prune("prune-2", "smaller", SCORES, Optional.empty());

        Task wire = PruneTaskMapper.toWire(task, "job", REQUEST, INPUTS);

        assertThat(wire)
                .isEqualTo(Task.newBuilder()
                        .setJobId("job")
                        .setTaskId("prune-2")
                        .setRequest(REQUEST)
                        .setInputs(INPUTS)
                        .setPrune(PruneWork.newBuilder()
                                .setBudget(1)
                                .addScores(FileRef.newBuilder()
                                        .setPath("work/job/nine")
                                        .setSha256("99"))
                                .addScores(FileRef.newBuilder()
                                        .setPath("work/job/ten")
                                        .setSha256("10")))
                        .build());
        assertThat(PruneTaskMapper.fromWire(wire)).isEqualTo(task);
    }

    @Test
    void aCommitComesBackAsItWasSent() {
        PruneTask task = new PruneTask.Commit(
                "commit-2",
                new StagedArtifact(
                        "work/job/staging/x",
                        new PrunedArtifact(
                                "smaller",
                                "sha",
                                List.of(),
                                "uniform",
                                "why",
                                List.of(),
                                "mask",
                                3,
                                1.5,
                                List.of(1),
                                "model-f16.gguf",
                                CANDIDATES)));

        Task wire = PruneTaskMapper.toWire(task, "job", REQUEST, INPUTS);

        assertThat(wire.getCommit().getBudget()).isEqualTo(1);
        assertThat(PruneTaskMapper.fromWire(wire)).isEqualTo(task);
    }

    static List<PruneTask> tasksOfASearch() {
        return List.of(
                new PruneTask.Price(SCORES),
                new PruneTask.Measure(new Component(9, LayerHalf.ATTENTION), NINE, PRICES),
                new PruneTask.Measure(new Component(10, LayerHalf.FEED_FORWARD), TEN, PRICES),
                new PruneTask.Judge("judge-2", "smaller", SCORES, PRICES, List.of(NINE, TEN)),
                new PruneTask.Judge("judge", "small", SCORES, PRICES, List.of()),
                new PruneTask.Prune("prune-2", "smaller", SCORES, Optional.of(CHOSEN)));
    }

    @ParameterizedTest
    @MethodSource("tasksOfASearch")
    void aTaskOfASearchComesBackAsItWasSent(PruneTask task) {
        Task wire = PruneTaskMapper.toWire(task, "job", REQUEST, INPUTS);

        assertThat(wire.getTaskId()).isEqualTo(task.id());
        assertThat(PruneTaskMapper.fromWire(wire)).isEqualTo(task);
    }

    static List<PruneResult> resultsOfASearch() {
        return List.of(
                new PruneResult.Priced(
                        List.of(new Component(9, LayerHalf.ATTENTION), new Component(9, LayerHalf.FEED_FORWARD)),
                        PRICES),
                new PruneResult.Measured(PRICES),
                new PruneResult.Judged(CHOSEN));
    }

    @ParameterizedTest
    @MethodSource("resultsOfASearch")
    void aResultOfASearchComesBackAsItWasSent(PruneResult result) {
        TaskResult wire = PrunedArtifactMapper.toWire(result).build();

        assertThat(PrunedArtifactMapper.result(wire)).isEqualTo(result);
    }

    @Test
    void wherePruningChoosesForItselfThereAreNoFiles() {
        SortedMap<Integer, StoredFile> files = PruneTaskMapper.files(List.of(), INPUTS);

        assertThat(files).isEmpty();
    }
}
