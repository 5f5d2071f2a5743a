package io.espalier.evaluator.kafka;

import io.espalier.v1.AskWork;
import io.espalier.v1.EvaluateWork;
import io.espalier.v1.JobInputs;
import io.espalier.v1.MeasuredTextRead;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.SampleWork;
import io.espalier.v1.Sampled;
import io.espalier.v1.Task;
import io.espalier.v1.TaskRead;
import io.espalier.v1.TaskResult;
import io.espalier.v1.WindowsWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tasks of the queue that measure the models of a job, and which of their results are whose: one for each checkpoint, then
 * some for the questions of each task, then some for the windows of each text. A job that an earlier version began is ended by its
 * results in this order, so order and sizes stay as they are.
 *
 * @param first checkpoint of the job, with its further ones
 */
record EvaluationTasks(PrunedCheckpoint first) {
    /** Questions of a task of the queue: enough that reading the weights counts little, few enough that workers share them. */
    private static final int QUESTIONS_TOGETHER = 256;

    /** Tokens of the windows of a task of the queue, for the same reasons. */
    private static final int TOKENS_TOGETHER = 1 << 15;

    /** Each of them reads the text up to its last window, so that many would read it many times. */
    private static final int MOST_TASKS_OF_A_TEXT = 64;

    List<Task> all() {
        List<Task> tasks = new ArrayList<>(evaluations());
        questions().forEach(tasks::addAll);
        windows().forEach(tasks::addAll);
        if (samples()) {
            tasks.add(of(
                    first,
                    "samples",
                    EvaluateWork.newBuilder().setCheckpoint(first).setSample(SampleWork.getDefaultInstance())));
        }
        return tasks;
    }

    int evaluationsCount() {
        return 1 + first.getFurtherCount();
    }

    /** Results of the questions of each task. */
    List<List<TaskResult>> answers(List<TaskResult> results) {
        return split(
                results,
                evaluationsCount(),
                questions().stream().map(List::size).toList());
    }

    /**
     * Results of the windows of each text, the evaluation's own first. None where the tasks were made by a process of an earlier
     * version, which measured the own text beside everything else.
     */
    List<List<TaskResult>> measured(List<TaskResult> results) {
        int before =
                evaluationsCount() + questions().stream().mapToInt(List::size).sum();
        return results.size() == before
                ? List.of()
                : split(results, before, windows().stream().map(List::size).toList());
    }

    /** What the models wrote; empty where nothing was asked, or an evaluator of an earlier version took the task. */
    Optional<Sampled> samples(List<TaskResult> results) {
        TaskResult last = results.get(results.size() - 1);
        return samples() && last.hasSampled() ? Optional.of(last.getSampled()) : Optional.empty();
    }

    private boolean samples() {
        return first.getRequest().getEvaluation().getPromptsCount() > 0;
    }

    private static List<List<TaskResult>> split(List<TaskResult> results, int from, List<Integer> sizes) {
        List<List<TaskResult>> parts = new ArrayList<>();
        int next = from;
        for (int size : sizes) {
            parts.add(results.subList(next, next + size));
            next += size;
        }
        return parts;
    }

    private List<Task> evaluations() {
        List<Task> tasks = new ArrayList<>();
        tasks.add(evaluation("evaluate", first.toBuilder().clearFurther().build()));
        first.getFurtherList().forEach(further -> tasks.add(evaluation("evaluate-" + (tasks.size() + 1), further)));
        return tasks;
    }

    private Task evaluation(String id, PrunedCheckpoint checkpoint) {
        return of(
                checkpoint,
                id,
                EvaluateWork.newBuilder()
                        .setCheckpoint(checkpoint)
                        .setWindowsApart(!windows().isEmpty()));
    }

    /** The slices of the questions of each task. */
    private List<List<Task>> questions() {
        List<List<Task>> tasks = new ArrayList<>();
        for (TaskRead read : inputs().getTasksList()) {
            tasks.add(questions(tasks.size(), read));
        }
        return tasks;
    }

    private List<Task> questions(int index, TaskRead read) {
        List<Task> tasks = new ArrayList<>();
        for (int from = 0; from < read.getQuestions(); from += QUESTIONS_TOGETHER) {
            AskWork ask = AskWork.newBuilder()
                    .setTask(index)
                    .setFirstQuestion(from)
                    .setLastQuestion(Math.min(from + QUESTIONS_TOGETHER, read.getQuestions()))
                    .build();
            tasks.add(of(
                    first,
                    "%s-%d".formatted(read.getTask(), from),
                    EvaluateWork.newBuilder().setCheckpoint(first).setAsk(ask)));
        }
        return tasks;
    }

    /** The slices of each text, the evaluation's own first; none in jobs that were inspected by an early version. */
    private List<List<Task>> windows() {
        int own = inputs().getEvaluationWindows();
        if (own == 0 || inputs().getEvaluation().getTokens() == 0) {
            return List.of();
        }
        List<List<Task>> tasks = new ArrayList<>();
        tasks.add(windows(0, own, inputs().getEvaluation().getTokens() / own));
        for (MeasuredTextRead read : inputs().getTextsList()) {
            tasks.add(windows(tasks.size(), read.getWindows(), read.getLongest()));
        }
        return tasks;
    }

    private List<Task> windows(int text, int windows, long longest) {
        int least = (windows + MOST_TASKS_OF_A_TEXT - 1) / MOST_TASKS_OF_A_TEXT;
        int together = Math.toIntExact(Math.max(least, TOKENS_TOGETHER / longest));
        List<Task> tasks = new ArrayList<>();
        for (int from = 0; from < windows; from += together) {
            WindowsWork work = WindowsWork.newBuilder()
                    .setText(text)
                    .setFirstWindow(from)
                    .setLastWindow(Math.min(from + together, windows))
                    .build();
            tasks.add(of(
                    first,
                    "windows-%d-%d".formatted(text, from),
                    EvaluateWork.newBuilder().setCheckpoint(first).setWindows(work)));
        }
        return tasks;
    }

    private static Task of(PrunedCheckpoint checkpoint, String id, EvaluateWork.Builder work) {
        return Task.newBuilder()
                .setJobId(checkpoint.getJobId())
                .setTaskId(id)
                .setRequest(checkpoint.getRequest())
                .setInputs(checkpoint.getInputs())
                .setEvaluate(work)
                .build();
    }

    private JobInputs inputs() {
        return first.getInputs();
    }
}
