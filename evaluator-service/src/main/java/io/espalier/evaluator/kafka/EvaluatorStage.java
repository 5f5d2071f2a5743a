package io.espalier.evaluator.kafka;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.model.file.Digests;
import io.espalier.pipeline.stage.Input;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.Step;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.AskWork;
import io.espalier.v1.Asked;
import io.espalier.v1.EvaluateWork;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.ReportWork;
import io.espalier.v1.Task;
import io.espalier.v1.TaskRead;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Pruned checkpoints in, their evaluations out. One task each: dense and pruned are only comparable when measured
 * together. Beside them tasks ask all models the questions of multiple-choice tasks. Then one task leaves the report of them all.
 */
@Singleton
public class EvaluatorStage implements Stage {
    /** Questions of a task of the queue: enough that reading the weights counts little, few enough that workers share them. */
    private static final int QUESTIONS_TOGETHER = 256;

    private static final String UNASKED =
            "not all questions of evaluation.tasks were asked, because a process of an earlier"
                    + " version took a part of this job; send the request again under another id";

    private static final StageTopics TOPICS = StageTopics.named("evaluator");

    @Override
    public StageTopics topics() {
        return TOPICS;
    }

    @Override
    public Message inputType() {
        return PrunedCheckpoint.getDefaultInstance();
    }

    /** A staged checkpoint is for the recoverer, which puts it on the topic again when it is committed. */
    @Override
    public Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException {
        PrunedCheckpoint checkpoint = PrunedCheckpoint.parseFrom(value);
        return checkpoint.getStaging().isEmpty()
                ? Optional.of(new Input.Start(
                        ByteString.copyFrom(value),
                        Digests.sha256(value),
                        checkpoint.getRequest().getPriority()))
                : Optional.empty();
    }

    @Override
    public Step next(Input.Start input, List<List<TaskResult>> waves) {
        PrunedCheckpoint first = checkpoint(input);
        List<Task> evaluations = evaluations(first);
        if (waves.isEmpty()) {
            List<Task> tasks = new ArrayList<>(evaluations);
            tasks.addAll(questions(first));
            return new Step.Run("evaluate", tasks);
        }
        List<EvaluationReport> reports = reports(first, evaluations.size(), waves.get(0));
        if (waves.size() == 1) {
            return new Step.Run("report", List.of(report(first, reports)));
        }
        return new Step.Complete(reports.get(0).toBuilder()
                .addAllFurther(reports.subList(1, reports.size()))
                .setReport(waves.get(1).get(0).getReportWritten().getPath())
                .build());
    }

    private static List<Task> evaluations(PrunedCheckpoint first) {
        List<Task> tasks = new ArrayList<>();
        tasks.add(evaluation("evaluate", first.toBuilder().clearFurther().build()));
        first.getFurtherList().forEach(further -> tasks.add(evaluation("evaluate-" + (tasks.size() + 1), further)));
        return tasks;
    }

    /** One task for each slice of the questions of each of the evaluation's tasks. */
    private static List<Task> questions(PrunedCheckpoint first) {
        List<Task> tasks = new ArrayList<>();
        for (int i = 0; i < first.getInputs().getTasksCount(); i++) {
            TaskRead read = first.getInputs().getTasks(i);
            for (int from = 0; from < read.getQuestions(); from += QUESTIONS_TOGETHER) {
                AskWork ask = AskWork.newBuilder()
                        .setTask(i)
                        .setFirstQuestion(from)
                        .setLastQuestion(Math.min(from + QUESTIONS_TOGETHER, read.getQuestions()))
                        .build();
                tasks.add(task("%s-%d".formatted(read.getTask(), from), first)
                        .setEvaluate(
                                EvaluateWork.newBuilder().setCheckpoint(first).setAsk(ask))
                        .build());
            }
        }
        return tasks;
    }

    /** The evaluation of each checkpoint, with what its model answered. */
    private static List<EvaluationReport> reports(PrunedCheckpoint first, int checkpoints, List<TaskResult> results) {
        List<EvaluationReport> reports = results.subList(0, checkpoints).stream()
                .map(TaskResult::getEvaluated)
                .toList();
        List<PrunedCheckpoint> all = new ArrayList<>(first.getFurtherList());
        all.add(0, first);
        List<ZeroShotReportMapper.AskedTask> asked = new ArrayList<>();
        int next = checkpoints;
        for (TaskRead read : first.getInputs().getTasksList()) {
            int slices = (read.getQuestions() + QUESTIONS_TOGETHER - 1) / QUESTIONS_TOGETHER;
            List<Asked> answers = results.subList(next, next + slices).stream()
                    .filter(TaskResult::hasAsked)
                    .map(TaskResult::getAsked)
                    .toList();
            // An evaluator of an earlier version measured a checkpoint instead of asking.
            if (!answers.isEmpty()) {
                asked.add(new ZeroShotReportMapper.AskedTask(read, answers));
            }
            next += slices;
        }
        return noted(first, ZeroShotReportMapper.added(all, reports, asked), asked);
    }

    /** Processes of an earlier version know no questions; a report without some that were asked for says so. */
    private static List<EvaluationReport> noted(
            PrunedCheckpoint first, List<EvaluationReport> reports, List<ZeroShotReportMapper.AskedTask> asked) {
        int tasks = first.getRequest().getEvaluation().getTasksCount();
        boolean whole = asked.size() == tasks
                && asked.stream()
                        .allMatch(task -> task.answers().stream()
                                        .mapToInt(
                                                answers -> answers.getModels(0).getQuestions())
                                        .sum()
                                == task.read().getQuestions());
        if (whole) {
            return reports;
        }
        return reports.stream()
                .map(EvaluationReport::toBuilder)
                .map(report -> {
                    report.getProtocolBuilder().addNotes(UNASKED);
                    return report.build();
                })
                .toList();
    }

    private static Task evaluation(String id, PrunedCheckpoint checkpoint) {
        return task(id, checkpoint)
                .setEvaluate(EvaluateWork.newBuilder().setCheckpoint(checkpoint))
                .build();
    }

    private static Task report(PrunedCheckpoint first, List<EvaluationReport> reports) {
        ReportWork.Builder work = ReportWork.newBuilder();
        reports.forEach(report -> work.addEvaluations(report.toBuilder().clearRequest()));
        return task("report", first)
                .setEvaluate(EvaluateWork.newBuilder()
                        .setCheckpoint(first.toBuilder().clearFurther())
                        .setReport(work))
                .build();
    }

    private static Task.Builder task(String id, PrunedCheckpoint checkpoint) {
        return Task.newBuilder()
                .setJobId(checkpoint.getJobId())
                .setTaskId(id)
                .setRequest(checkpoint.getRequest())
                .setInputs(checkpoint.getInputs());
    }

    private static PrunedCheckpoint checkpoint(Input.Start input) {
        try {
            return PrunedCheckpoint.parseFrom(input.payload());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the input was parsed before", e);
        }
    }
}
