package io.espalier.evaluator.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.espalier.evaluator.domain.Unrecovered;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Step;
import io.espalier.v1.Asked;
import io.espalier.v1.Evaluation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobInputs;
import io.espalier.v1.ModelAnswers;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.ReportWritten;
import io.espalier.v1.Task;
import io.espalier.v1.TaskData;
import io.espalier.v1.TaskRead;
import io.espalier.v1.TaskResult;
import io.espalier.v1.ZeroShotReport;
import io.espalier.v1.ZeroShotTask;
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
        Step.Complete end =
                (Step.Complete) next(List.of(List.of(evaluated("a"), evaluated("b")), List.of(evaluated("a"))));

        assertThat(end.report().getReport()).isEmpty();
    }

    @Test
    void tasksOfTheQueueShareTheQuestions() throws Exception {
        Step.Run run = (Step.Run) new EvaluatorStage()
                .next(new EvaluatorStage().start(ASKED.toByteArray()).orElseThrow(), List.of());

        assertThat(run.tasks())
                .extracting(
                        Task::getTaskId,
                        task -> task.getEvaluate().getAsk().getTask(),
                        task -> task.getEvaluate().getAsk().getFirstQuestion(),
                        task -> task.getEvaluate().getAsk().getLastQuestion())
                .containsExactly(
                        tuple("evaluate", 0, 0, 0),
                        tuple("piqa-0", 0, 0, 256),
                        tuple("piqa-256", 0, 256, 300),
                        tuple("boolq-0", 1, 0, 10));
    }

    @Test
    void theAnswersOfAllTasksAreAddedUp() throws Exception {
        // Given: dense, pruned and unrecovered
        TaskResult first = asked(answers(256, 128, 64, 0, 0), answers(256, 64, 32, 3, 35), answers(256, 0, 0, 1, 65));
        TaskResult second = asked(answers(44, 22, 11, 0, 0), answers(44, 11, 13, 4, 2), answers(44, 0, 0, 0, 11));
        TaskResult other = asked(answers(10, 6, 0, 0, 0), answers(10, 5, 0, 0, 1), answers(10, 5, 0, 0, 1));
        TaskResult written = TaskResult.newBuilder()
                .setReportWritten(ReportWritten.newBuilder().setPath("page"))
                .build();

        // When
        Step.Complete end = (Step.Complete) new EvaluatorStage()
                .next(
                        new EvaluatorStage().start(ASKED.toByteArray()).orElseThrow(),
                        List.of(List.of(evaluated("a"), first, second, other), List.of(written)));

        // Then
        ZeroShotReport report = ((EvaluationReport) end.report()).getZeroShot();
        assertThat(((EvaluationReport) end.report()).getProtocol().getNotesList())
                .isEmpty();
        ZeroShotTask piqa = report.getTasks(0);
        assertThat(piqa.getQuestions()).isEqualTo(300);
        assertThat(piqa.getDense().getAccuracy()).isEqualTo(0.5);
        assertThat(piqa.getDense().getNormalized()).isEqualTo(0.25);
        assertThat(piqa.getPruned().getNormalized()).isEqualTo(0.15);
        assertThat(piqa.getUnrecovered().getAccuracy()).isZero();
        assertThat(piqa.getGained()).isEqualTo(7);
        assertThat(piqa.getLost()).isEqualTo(37);
        assertThat(report.getTasks(1).getDense().hasNormalized()).isFalse();
        assertThat(report.getDense().getAccuracy()).isCloseTo(0.55, within(1e-12));
        assertThat(report.getDense().getPublished()).isCloseTo((0.25 + 0.6) / 2, within(1e-12));
    }

    @Test
    void questionsThatAnEarlierVersionDidNotAskAreTold() throws Exception {
        TaskResult first = asked(answers(256, 128, 64, 0, 0), answers(256, 64, 32, 3, 35), answers(256, 0, 0, 1, 65));
        TaskResult other = asked(answers(10, 6, 0, 0, 0), answers(10, 5, 0, 0, 1), answers(10, 5, 0, 0, 1));

        Step.Run report = (Step.Run) new EvaluatorStage()
                .next(
                        new EvaluatorStage().start(ASKED.toByteArray()).orElseThrow(),
                        List.of(List.of(evaluated("a"), first, evaluated("a"), other)));

        EvaluationReport told = report.tasks().get(0).getEvaluate().getReport().getEvaluations(0);
        assertThat(told.getProtocol().getNotesList())
                .singleElement()
                .asString()
                .startsWith("not all questions of evaluation.tasks were asked");
        assertThat(told.getZeroShot().getTasks(0).getQuestions()).isEqualTo(256);
    }

    private static final PrunedCheckpoint ASKED = COMMITTED.toBuilder()
            .setRecovery(RecoveryReport.getDefaultInstance())
            .setRequest(PruneRequest.newBuilder()
                    .setEvaluation(Evaluation.newBuilder()
                            .addTasks(TaskData.newBuilder().setTask("piqa"))
                            .addTasks(TaskData.newBuilder().setTask("boolq"))))
            .setInputs(JobInputs.newBuilder()
                    .addTasks(TaskRead.newBuilder().setTask("piqa").setQuestions(300))
                    .addTasks(TaskRead.newBuilder().setTask("boolq").setQuestions(10)))
            .build();

    private static TaskResult asked(ModelAnswers... models) {
        return TaskResult.newBuilder()
                .setAsked(Asked.newBuilder().addAllModels(List.of(models)))
                .build();
    }

    private static ModelAnswers answers(int questions, int right, int normalizedRight, int gained, int lost) {
        return ModelAnswers.newBuilder()
                .setQuestions(questions)
                .setRight(right)
                .setNormalizedRight(normalizedRight)
                .setGained(gained)
                .setLost(lost)
                .build();
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

        assertThat(EvaluationMapper.unrecovered(kept)).contains(new Unrecovered.Kept("small-unrecovered"));
    }

    @Test
    void theUnrecoveredModelIsReadFromItsStagingOtherwise() {
        PrunedCheckpoint staged = recovered(RecoveryReport.newBuilder().setUnrecoveredStaging("work/job/staging/a"));

        assertThat(EvaluationMapper.unrecovered(staged)).contains(new Unrecovered.Staged("work/job/staging/a"));
        assertThat(EvaluationMapper.unrecovered(COMMITTED)).isEmpty();
    }

    private static PrunedCheckpoint recovered(RecoveryReport.Builder report) {
        return COMMITTED.toBuilder().setRecovery(report).build();
    }
}
