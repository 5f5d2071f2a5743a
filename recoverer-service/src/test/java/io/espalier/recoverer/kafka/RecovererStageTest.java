package io.espalier.recoverer.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Step;
import io.espalier.v1.AdaptersTrained;
import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.CheckpointDistilled;
import io.espalier.v1.CheckpointRecovered;
import io.espalier.v1.LayerRecovery;
import io.espalier.v1.LayerShape;
import io.espalier.v1.LayersDistilled;
import io.espalier.v1.LocalRecovery;
import io.espalier.v1.LocalRecoveryReport;
import io.espalier.v1.LoraRecovery;
import io.espalier.v1.LossCurve;
import io.espalier.v1.LossPoint;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Pruning;
import io.espalier.v1.Recovery;
import io.espalier.v1.RecoveryCommitted;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import io.espalier.v1.TeacherRead;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RecovererStageTest {
    private final RecovererStage stage = new RecovererStage();

    @Test
    void committedCheckpointsOnTheTopicAreNotForIt() throws Exception {
        PrunedCheckpoint committed =
                fact(Recovery.getDefaultInstance()).toBuilder().clearStaging().build();

        Optional<Input.Start> start = stage.start(committed.toByteArray());

        assertThat(start).isEmpty();
    }

    @Test
    void aJobGoesThroughItsWavesAndIsHandedOnCommittedWithWhatWasDoneToIt() throws Exception {
        PrunedCheckpoint fact = fact(Recovery.getDefaultInstance());

        Outcome outcome = run(fact);

        assertThat(outcome.activities()).containsExactly("teach", "distil", "recover", "commit");
        assertThat(outcome.committed())
                .extracting(ArtifactCommitted::getOutput, ArtifactCommitted::getManifestSha256)
                .containsExactly(tuple("small", "digest of recover"), tuple("smaller", "digest of recover-2"));
        PrunedCheckpoint handedOn = outcome.handedOn();
        assertThat(handedOn.getStaging()).isEmpty();
        assertThat(handedOn.getManifestSha256()).isEqualTo("digest of recover");
        assertThat(handedOn.getRecovery())
                .isEqualTo(RecoveryReport.newBuilder()
                        .setWindows(40)
                        .setLocal(LocalRecoveryReport.newBuilder()
                                .setOrder("parallel")
                                .setSteps(150)
                                .addLayers(layer(0))
                                .addLayers(layer(1)))
                        .setUnrecoveredStaging("work/job/staging/a")
                        .build());
        assertThat(handedOn.getFurther(0).getRecovery().getUnrecoveredStaging()).isEqualTo("work/job/staging/b");
    }

    @Test
    void whatIsKeptUnrecoveredIsNamedByItsFolder() throws Exception {
        PrunedCheckpoint fact =
                fact(Recovery.newBuilder().setKeepUnrecovered(true).build());

        Outcome outcome = run(fact);

        assertThat(outcome.committed())
                .extracting(ArtifactCommitted::getOutput)
                .containsExactly("small", "smaller", "small-unrecovered", "smaller-unrecovered");
        assertThat(outcome.handedOn().getRecovery().getUnrecoveredOutput()).isEqualTo("small-unrecovered");
        assertThat(outcome.handedOn().getRecovery().getUnrecoveredStaging()).isEmpty();
    }

    @Test
    void everyTaskAndResultIsTheSameBehindTheWire() throws Exception {
        PrunedCheckpoint fact = fact(Recovery.newBuilder()
                .setLocal(LocalRecovery.getDefaultInstance())
                .setLora(LoraRecovery.getDefaultInstance())
                .setKeepUnrecovered(true)
                .build());

        Outcome outcome = run(fact);

        assertThat(outcome.activities()).containsExactly("teach", "distil", "recover", "adapt", "merge", "commit");
        assertThat(outcome.tasks()).hasSize(13).allSatisfy(task -> assertThat(RecoverTaskMapper.toWire(
                        RecoverTaskMapper.fromWire(task), "job", task.getRequest(), task.getInputs()))
                .isEqualTo(task));
        assertThat(outcome.results())
                .allSatisfy(result -> assertThat(RecoverResultMapper.toWire(RecoverResultMapper.fromWire(result))
                                .build())
                        .isEqualTo(result));
        assertThat(outcome.handedOn().getRecovery().getLora().getLoss()).isEqualTo(loss());
        assertThat(outcome.handedOn().getRecovery().getLora().getRank()).isEqualTo(8);
    }

    private record Outcome(
            List<String> activities,
            List<ArtifactCommitted> committed,
            List<Task> tasks,
            List<TaskResult> results,
            PrunedCheckpoint handedOn) {}

    private Outcome run(PrunedCheckpoint fact) throws Exception {
        Input.Start input = stage.start(fact.toByteArray()).orElseThrow();
        List<List<TaskResult>> waves = new ArrayList<>();
        List<String> activities = new ArrayList<>();
        List<ArtifactCommitted> committed = new ArrayList<>();
        List<Task> tasks = new ArrayList<>();
        Step step = stage.next(input, waves);
        while (step instanceof Step.Run run) {
            activities.add(run.activity());
            committed.addAll(run.committed());
            tasks.addAll(run.tasks());
            waves.add(run.tasks().stream().map(RecovererStageTest::result).toList());
            step = stage.next(input, waves);
        }
        return new Outcome(
                activities,
                committed,
                tasks,
                waves.stream().flatMap(List::stream).toList(),
                (PrunedCheckpoint) ((Step.HandOver) step).fact());
    }

    private static TaskResult result(Task task) {
        TaskResult.Builder result = TaskResult.newBuilder();
        return switch (task.getWorkCase()) {
            case TEACH ->
                result.setTeacherRead(TeacherRead.newBuilder().setWindows(40)).build();
            case DISTIL -> {
                CheckpointDistilled.Builder one = CheckpointDistilled.newBuilder()
                        .addLayers(layer(task.getDistil().getLayer()));
                LayersDistilled.Builder all = LayersDistilled.newBuilder();
                task.getDistil().getSourcesList().forEach(source -> all.addCheckpoints(one));
                yield result.setLayersDistilled(all).build();
            }
            case RECOVER, MERGE ->
                result.setCheckpointRecovered(CheckpointRecovered.newBuilder()
                                .setStaging("work/job/staging/of-" + task.getTaskId())
                                .setManifestSha256("digest of " + task.getTaskId()))
                        .build();
            case ADAPT ->
                result.setAdaptersTrained(AdaptersTrained.newBuilder().setLoss(loss()))
                        .build();
            default ->
                result.setRecoveryCommitted(RecoveryCommitted.getDefaultInstance())
                        .build();
        };
    }

    private static LayerRecovery layer(int layer) {
        return LayerRecovery.newBuilder().setLayer(layer).setLoss(loss()).build();
    }

    private static LossCurve loss() {
        return LossCurve.newBuilder()
                .addPoints(LossPoint.newBuilder().setHeldOut(0.5))
                .addPoints(LossPoint.newBuilder().setStep(10).setTrained(0.25).setHeldOut(0.125))
                .setBest(10)
                .build();
    }

    private static PrunedCheckpoint fact(Recovery recovery) {
        PruneRequest request = PruneRequest.newBuilder()
                .setModel("llama")
                .setCalibration(Calibration.newBuilder().setText("text"))
                .setPruning(Pruning.newBuilder()
                        .addBudgets(Budget.newBuilder().setUnitRatio(0.1).setOutput("small"))
                        .addBudgets(Budget.newBuilder().setUnitRatio(0.2).setOutput("smaller")))
                .setRecovery(recovery)
                .build();
        List<PrunedCheckpoint> both = Stream.of("small a", "smaller b")
                .map(words -> words.split(" "))
                .map(words -> PrunedCheckpoint.newBuilder()
                        .setJobId("job")
                        .setRequest(request)
                        .setOutput(words[0])
                        .setStaging("work/job/staging/" + words[1])
                        .setManifestSha256(words[1] + words[1])
                        .addLayers(LayerShape.getDefaultInstance())
                        .addLayers(LayerShape.getDefaultInstance())
                        .build())
                .toList();
        return both.get(0).toBuilder().addFurther(both.get(1)).build();
    }
}
