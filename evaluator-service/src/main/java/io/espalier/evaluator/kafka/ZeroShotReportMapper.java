package io.espalier.evaluator.kafka;

import io.espalier.model.zeroshot.TaskScore;
import io.espalier.model.zeroshot.ZeroShotTask;
import io.espalier.v1.Asked;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.ModelAnswers;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.TaskAccuracy;
import io.espalier.v1.TaskRead;
import io.espalier.v1.ZeroShotAverage;
import io.espalier.v1.ZeroShotReport;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ToDoubleFunction;

/** Adds up what the models of a job answered to the questions of all tasks. */
final class ZeroShotReportMapper {
    private ZeroShotReportMapper() {}

    /**
     * One task, all its answers.
     *
     * @param answers of each slice of its questions
     */
    record AskedTask(TaskRead read, List<Asked> answers) {}

    /**
     * The evaluations of a job's checkpoints with what their models answered; as they are where nothing was asked.
     *
     * @param evaluations one for each checkpoint
     */
    static List<EvaluationReport> added(
            List<PrunedCheckpoint> checkpoints, List<EvaluationReport> evaluations, List<AskedTask> tasks) {
        if (tasks.isEmpty()) {
            return evaluations;
        }
        List<ModelPlaces> places = ModelPlaces.of(checkpoints);
        List<EvaluationReport> added = new ArrayList<>();
        for (int i = 0; i < evaluations.size(); i++) {
            ZeroShotReport report =
                    report(tasks, places.get(i).pruned(), places.get(i).unrecovered());
            added.add(evaluations.get(i).toBuilder().setZeroShot(report).build());
        }
        return added;
    }

    private static ZeroShotReport report(List<AskedTask> tasks, int pruned, OptionalInt unrecovered) {
        ZeroShotReport.Builder report = ZeroShotReport.newBuilder()
                .setDense(average(tasks, ModelPlaces.DENSE))
                .setPruned(average(tasks, pruned));
        unrecovered.ifPresent(model -> report.setUnrecovered(average(tasks, model)));
        for (AskedTask task : tasks) {
            TaskScore score = score(task, pruned);
            io.espalier.v1.ZeroShotTask.Builder wire = io.espalier.v1.ZeroShotTask.newBuilder()
                    .setTask(task.read().getTask())
                    .setDataSha256(task.read().getSha256())
                    .setQuestions(score.questions())
                    .setDense(accuracy(score(task, ModelPlaces.DENSE)))
                    .setPruned(accuracy(score))
                    .setGained(task.answers().stream()
                            .mapToInt(asked -> asked.getModels(pruned).getGained())
                            .sum())
                    .setLost(task.answers().stream()
                            .mapToInt(asked -> asked.getModels(pruned).getLost())
                            .sum());
            unrecovered.ifPresent(model -> wire.setUnrecovered(accuracy(score(task, model))));
            report.addTasks(wire);
        }
        return report.build();
    }

    private static ZeroShotAverage average(List<AskedTask> tasks, int model) {
        return ZeroShotAverage.newBuilder()
                .setAccuracy(average(tasks, model, TaskScore::accuracy))
                .setPublished(average(tasks, model, TaskScore::published))
                .build();
    }

    private static double average(List<AskedTask> tasks, int model, ToDoubleFunction<TaskScore> share) {
        return tasks.stream()
                .mapToDouble(task -> share.applyAsDouble(score(task, model)))
                .average()
                .orElseThrow();
    }

    private static TaskAccuracy accuracy(TaskScore score) {
        TaskAccuracy.Builder wire =
                TaskAccuracy.newBuilder().setAccuracy(score.accuracy()).addAllAnswers(score.answers());
        if (score.questions() > 1) {
            wire.setAccuracyError(score.standardError(score.accuracy()));
        }
        if (score.task().normalized()) {
            wire.setNormalized(score.normalizedAccuracy());
            if (score.questions() > 1) {
                wire.setNormalizedError(score.standardError(score.normalizedAccuracy()));
            }
        }
        return wire.build();
    }

    private static TaskScore score(AskedTask task, int model) {
        ZeroShotTask named = ZeroShotTask.named(task.read().getTask()).orElseThrow();
        return task.answers().stream()
                .map(asked -> fromWire(named, asked.getModels(model)))
                .reduce(TaskScore::with)
                .orElseThrow();
    }

    private static TaskScore fromWire(ZeroShotTask task, ModelAnswers answers) {
        return new TaskScore(
                task,
                answers.getQuestions(),
                answers.getRight(),
                answers.getNormalizedRight(),
                answers.getAnswersList());
    }
}
