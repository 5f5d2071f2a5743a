package io.espalier.evaluator.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Step;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.ReportWritten;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluatorStageTest {
    private static final PrunedCheckpoint COMMITTED = PrunedCheckpoint.newBuilder()
            .setJobId("job")
            .setRequest(PruneRequest.newBuilder().setPriority(7))
            .setOutput("small")
            .build();

    private static final PruneRequest REQUEST =
            PruneRequest.newBuilder().setModel("llama").build();
    private static final PrunedCheckpoint CHECKPOINT = PrunedCheckpoint.newBuilder()
            .setJobId("job")
            .setRequest(REQUEST)
            .setOutput("a")
            .addFurther(PrunedCheckpoint.newBuilder()
                    .setJobId("job")
                    .setRequest(REQUEST)
                    .setOutput("b"))
            .build();

    private final EvaluatorStage stage = new EvaluatorStage();

    @Test
    void aTaskMeasuresEachCheckpoint() throws Exception {
        Step.Run run = (Step.Run) next(List.of());

        assertThat(run.activity()).isEqualTo("evaluate");
        assertThat(run.tasks())
                .extracting(task -> task.getEvaluate().getCheckpoint().getOutput())
                .containsExactly("a", "b");
        assertThat(run.tasks()).noneMatch(task -> task.getEvaluate().hasReport());
    }

    @Test
    void thenOneTaskReportsAllEvaluations() throws Exception {
        Step.Run run = (Step.Run) next(List.of(List.of(evaluated("a"), evaluated("b"))));

        assertThat(run.activity()).isEqualTo("report");
        assertThat(run.tasks()).singleElement().satisfies(task -> {
            assertThat(task.getTaskId()).isEqualTo("report");
            assertThat(task.getRequest()).isEqualTo(REQUEST);
            assertThat(task.getEvaluate().getReport().getEvaluationsList())
                    .extracting(EvaluationReport::getOutput)
                    .containsExactly("a", "b");
        });
    }

    @Test
    void anEvaluatorThatKnowsNoReportsFindsACheckpointToMeasure() throws Exception {
        Step.Run run = (Step.Run) next(List.of(List.of(evaluated("a"), evaluated("b"))));

        Task task = run.tasks().get(0);
        assertThat(task.getEvaluate().getCheckpoint())
                .isEqualTo(CHECKPOINT.toBuilder().clearFurther().build());
    }

    @Test
    void theEvaluationThatCompletesTheJobNamesThePage() throws Exception {
        TaskResult written = TaskResult.newBuilder()
                .setReportWritten(ReportWritten.newBuilder().setPath("reports/job/report.html"))
                .build();

        Step.Complete end = (Step.Complete) next(List.of(List.of(evaluated("a"), evaluated("b")), List.of(written)));

        assertThat(end.report().getOutput()).isEqualTo("a");
        assertThat(end.report().getReport()).isEqualTo("reports/job/report.html");
        assertThat(end.report().getFurtherList())
                .extracting(EvaluationReport::getOutput, EvaluationReport::getReport)
                .containsExactly(tuple("b", ""));
    }

    @Test
    void aJobWhoseReportAnEarlierVersionTookCompletesWithoutAPage() throws Exception {
        Step.Complete end = (Step.Complete) next(List.of(List.of(evaluated("a")), List.of(evaluated("a"))));

        assertThat(end.report().getReport()).isEmpty();
    }

    private Step next(List<List<TaskResult>> waves) throws Exception {
        Input.Start start = stage.start(CHECKPOINT.toByteArray()).orElseThrow();
        return stage.next(start, waves);
    }

    private static TaskResult evaluated(String output) {
        return TaskResult.newBuilder()
                .setEvaluated(EvaluationReport.newBuilder().setRequest(REQUEST).setOutput(output))
                .build();
    }

    @Test
    void aStagedCheckpointIsLeftToTheRecoverer() throws Exception {
        PrunedCheckpoint staged =
                COMMITTED.toBuilder().setStaging("work/job/staging/a").build();

        assertThat(new EvaluatorStage().start(staged.toByteArray())).isEmpty();
    }

    @Test
    void aCommittedCheckpointIsTakenInTheOrderOfItsPriority() throws Exception {
        assertThat(new EvaluatorStage().start(COMMITTED.toByteArray()))
                .hasValueSatisfying(start -> assertThat(start.priority()).isEqualTo(7));
    }

    @Test
    void theUnrecoveredModelIsReadFromItsArtifactWhereThatIsKept() {
        PrunedCheckpoint kept = recovered(RecoveryReport.newBuilder().setUnrecoveredOutput("small-unrecovered"));

        assertThat(EvaluationMapper.unrecovered(kept))
                .contains(new EvaluationWork.Unrecovered.Kept("small-unrecovered"));
    }

    @Test
    void theUnrecoveredModelIsReadFromItsStagingOtherwise() {
        PrunedCheckpoint staged = recovered(RecoveryReport.newBuilder().setUnrecoveredStaging("work/job/staging/a"));

        assertThat(EvaluationMapper.unrecovered(staged))
                .contains(new EvaluationWork.Unrecovered.Staged("work/job/staging/a"));
        assertThat(EvaluationMapper.unrecovered(COMMITTED)).isEmpty();
    }

    private static PrunedCheckpoint recovered(RecoveryReport.Builder report) {
        return COMMITTED.toBuilder().setRecovery(report).build();
    }
}
