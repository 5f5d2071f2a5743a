package io.espalier.pruner.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.artifact.StoredFile;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.pruner.domain.PrunedArtifact;
import io.espalier.pruner.domain.StagedArtifact;
import io.espalier.v1.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.FileRef;
import io.espalier.v1.JobInputs;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PruneWork;
import io.espalier.v1.Pruning;
import io.espalier.v1.Task;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

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

    @Test
    void onTheWireACheckpointIsTheNumberOfItsBudgetAndFilesStandInLayerOrder() {
        PruneTask task = new PruneTask.Prune("prune-2", "smaller", new TreeMap<>(Map.of(10, TEN, 9, NINE)));

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
                                "model-f16.gguf")));

        Task wire = PruneTaskMapper.toWire(task, "job", REQUEST, INPUTS);

        assertThat(wire.getCommit().getBudget()).isEqualTo(1);
        assertThat(PruneTaskMapper.fromWire(wire)).isEqualTo(task);
    }

    @Test
    void wherePruningChoosesForItselfThereAreNoFiles() {
        SortedMap<Integer, StoredFile> files = PruneTaskMapper.files(List.of(), INPUTS);

        assertThat(files).isEmpty();
    }
}
