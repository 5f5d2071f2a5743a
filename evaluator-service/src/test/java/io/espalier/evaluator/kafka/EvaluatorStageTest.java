package io.espalier.evaluator.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.espalier.evaluator.domain.Unrecovered;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Step;
import io.espalier.v1.Asked;
import io.espalier.v1.Continuation;
import io.espalier.v1.Evaluation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobInputs;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.MeasuredTextRead;
import io.espalier.v1.ModelAnswers;
import io.espalier.v1.ModelLoss;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.ReportWritten;
import io.espalier.v1.Sample;
import io.espalier.v1.Sampled;
import io.espalier.v1.Task;
import io.espalier.v1.TaskData;
import io.espalier.v1.TaskRead;
import io.espalier.v1.TaskResult;
import io.espalier.v1.TextPerplexity;
import io.espalier.v1.TextRead;
import io.espalier.v1.WindowsMeasured;
import io.espalier.v1.WindowsWork;
import io.espalier.v1.ZeroShotReport;
import io.espalier.v1.ZeroShotTask;
import java.util.ArrayList;
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
    void tasksOfTheQueueShareTheWindowsOfAllTexts() throws Exception {
        Step.Run run = (Step.Run) new EvaluatorStage()
                .next(new EvaluatorStage().start(MEASURED.toByteArray()).orElseThrow(), List.of());

        assertThat(run.tasks())
                .extracting(
                        Task::getTaskId,
                        task -> task.getEvaluate().getWindows().getText(),
                        task -> task.getEvaluate().getWindows().getFirstWindow(),
                        task -> task.getEvaluate().getWindows().getLastWindow(),
                        task -> task.getEvaluate().getWindowsApart())
                .containsExactly(
                        tuple("evaluate", 0, 0, 0, true),
                        tuple("windows-0-0", 0, 0, 256, false),
                        tuple("windows-0-256", 0, 256, 300, false),
                        tuple("windows-1-0", 1, 0, 3, false));
    }

    @Test
    void aLongTextHasAFewLargeTasksWhichTakeEachWindowOnce() throws Exception {
        // Given
        PrunedCheckpoint.Builder longText = MEASURED.toBuilder();
        longText.getInputsBuilder()
                .setEvaluationWindows(99_999)
                .getEvaluationBuilder()
                .setTokens(99_999L * 128);

        // When
        Step.Run run = (Step.Run) new EvaluatorStage()
                .next(new EvaluatorStage().start(longText.build().toByteArray()).orElseThrow(), List.of());

        // Then
        List<WindowsWork> slices = run.tasks().stream()
                .filter(task -> task.getTaskId().startsWith("windows-0-"))
                .map(task -> task.getEvaluate().getWindows())
                .toList();
        assertThat(slices).hasSize(64);
        assertThat(slices.get(0).getFirstWindow()).isZero();
        assertThat(slices.get(63).getLastWindow()).isEqualTo(99_999);
        for (int i = 1; i < slices.size(); i++) {
            assertThat(slices.get(i).getFirstWindow())
                    .isEqualTo(slices.get(i - 1).getLastWindow());
        }
    }

    @Test
    void thePerplexitiesOfAllTextsAreAddedUp() throws Exception {
        // Given: dense, pruned and unrecovered
        TaskResult first = measured(100, loss(200), loss(300, 10, 60), loss(400, 20, 40));
        TaskResult second = measured(50, loss(100), loss(150, 5, 30), loss(200, 10, 35));
        TaskResult wikitext = measured(40, loss(60), loss(90), loss(120));

        // When
        EvaluationReport report = reported(first, second, wikitext);

        // Then
        assertThat(report.getProtocol().getNotesList()).isEmpty();
        assertThat(report.getProtocol().getPredictedTokens()).isEqualTo(150);
        assertThat(report.getDense().getPerplexity()).isCloseTo(Math.exp(2), within(1e-12));
        assertThat(report.getDense().hasDivergence()).isFalse();
        assertThat(report.getPruned().getPerplexity()).isCloseTo(Math.exp(3), within(1e-12));
        assertThat(report.getPruned().getDivergence()).isCloseTo(0.1, within(1e-12));
        assertThat(report.getUnrecovered().getAgreement()).isCloseTo(0.5, within(1e-12));
        TextPerplexity text = report.getTexts(0);
        assertThat(text.getText()).isEqualTo("wiki.raw");
        assertThat(text.getSplit()).isEqualTo("held-out");
        assertThat(text.getDense().getWordPerplexity()).isCloseTo(Math.exp(3), within(1e-12));
        assertThat(text.getPruned().getBitsPerByte()).isCloseTo(0.9 / Math.log(2), within(1e-12));
        assertThat(text.getUnrecovered().getPerplexity()).isCloseTo(Math.exp(3), within(1e-12));
        assertThat(text.getPruned().hasDivergence()).isFalse();
    }

    @Test
    void windowsThatAnEarlierVersionDidNotMeasureAreTold() throws Exception {
        TaskResult first = measured(100, loss(200), loss(300, 10, 60), loss(400, 20, 40));

        EvaluationReport report = reported(first, evaluated("a"), evaluated("a"));

        assertThat(report.getProtocol().getNotesList())
                .singleElement()
                .asString()
                .startsWith("not all windows of the evaluation's texts were measured");
        assertThat(report.getProtocol().getPredictedTokens()).isEqualTo(100);
        assertThat(report.getDense().getPerplexity()).isCloseTo(Math.exp(2), within(1e-12));
        assertThat(report.getTextsList()).isEmpty();
    }

    @Test
    void aJobWhoseTasksAnEarlierVersionMadeHasThePerplexityThatItMeasured() throws Exception {
        PrunedCheckpoint earlier = MEASURED.toBuilder()
                .setRequest(PruneRequest.getDefaultInstance())
                .setInputs(MEASURED.getInputs().toBuilder().clearTexts())
                .build();

        Step.Run report = (Step.Run) new EvaluatorStage()
                .next(
                        new EvaluatorStage().start(earlier.toByteArray()).orElseThrow(),
                        List.of(List.of(evaluated("a"))));

        assertThat(report.tasks().get(0).getEvaluate().getReport().getEvaluations(0))
                .isEqualTo(
                        evaluated("a").getEvaluated().toBuilder().clearRequest().build());
    }

    @Test
    void oneTaskLetsAllModelsContinueThePrompts() throws Exception {
        // Given
        PrunedCheckpoint prompted = prompted();

        // When
        Step.Run run = (Step.Run) new EvaluatorStage()
                .next(new EvaluatorStage().start(prompted.toByteArray()).orElseThrow(), List.of());

        // Then
        assertThat(run.tasks()).extracting(Task::getTaskId).containsExactly("evaluate", "samples");
        assertThat(run.tasks().get(1).getEvaluate().hasSample()).isTrue();
    }

    @Test
    void whatTheModelsWroteStandsSideBySide() throws Exception {
        // Given
        Sampled.Builder sampled = Sampled.newBuilder();
        for (String model : List.of("dense", "pruned", "unrecovered")) {
            sampled.addModelsBuilder()
                    .addPrompts(Continuation.newBuilder().setGreedy(model + " 1"))
                    .addPrompts(Continuation.newBuilder().setGreedy(model + " 2"));
        }
        TaskResult written = TaskResult.newBuilder().setSampled(sampled).build();

        // When
        Step.Run report = (Step.Run) new EvaluatorStage()
                .next(
                        new EvaluatorStage().start(prompted().toByteArray()).orElseThrow(),
                        List.of(List.of(evaluated("a"), written)));

        // Then
        assertThat(report.tasks()
                        .get(0)
                        .getEvaluate()
                        .getReport()
                        .getEvaluations(0)
                        .getSamples()
                        .getSamplesList())
                .extracting(
                        Sample::getPrompt,
                        sample -> sample.getDense().getGreedy(),
                        sample -> sample.getPruned().getGreedy(),
                        sample -> sample.getUnrecovered().getGreedy())
                .containsExactly(
                        tuple("Once", "dense 1", "pruned 1", "unrecovered 1"),
                        tuple("upon", "dense 2", "pruned 2", "unrecovered 2"));
    }

    private static PrunedCheckpoint prompted() {
        return COMMITTED.toBuilder()
                .setRecovery(RecoveryReport.getDefaultInstance())
                .setRequest(PruneRequest.newBuilder()
                        .setEvaluation(
                                Evaluation.newBuilder().addPrompts("Once").addPrompts("upon")))
                .build();
    }

    private static final PrunedCheckpoint MEASURED = COMMITTED.toBuilder()
            .setRecovery(RecoveryReport.getDefaultInstance())
            .setRequest(PruneRequest.newBuilder()
                    .setEvaluation(Evaluation.newBuilder()
                            .addTexts(MeasuredText.newBuilder().setText("wiki.raw"))))
            .setInputs(JobInputs.newBuilder()
                    .setCalibrationSha256("other")
                    .setEvaluationWindows(300)
                    .setEvaluation(TextRead.newBuilder().setTokens(300 * 128))
                    .addTexts(MeasuredTextRead.newBuilder()
                            .setProtocol("wikitext")
                            .setWindows(3)
                            .setLongest(2049)
                            .setPredictions(40)
                            .setWords(20)
                            .setBytes(100)
                            .setSha256("this")))
            .build();

    private static EvaluationReport reported(TaskResult... windows) throws Exception {
        List<TaskResult> results = new ArrayList<>(List.of(windows));
        results.add(0, evaluated("a"));
        Step.Run report = (Step.Run) new EvaluatorStage()
                .next(new EvaluatorStage().start(MEASURED.toByteArray()).orElseThrow(), List.of(results));
        return report.tasks().get(0).getEvaluate().getReport().getEvaluations(0);
    }

    private static TaskResult measured(long predictions, ModelLoss... models) {
        return TaskResult.newBuilder()
                .setWindowsMeasured(
                        WindowsMeasured.newBuilder().setPredictions(predictions).addAllModels(List.of(models)))
                .build();
    }

    private static ModelLoss loss(double loss) {
        return ModelLoss.newBuilder().setLoss(loss).build();
    }

    private static ModelLoss loss(double loss, double divergence, long agreeing) {
        return loss(loss).toBuilder()
                .setDivergence(divergence)
                .setAgreeing(agreeing)
                .build();
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
