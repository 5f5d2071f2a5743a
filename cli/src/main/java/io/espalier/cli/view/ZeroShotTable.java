package io.espalier.cli.view;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.TaskAccuracy;
import io.espalier.v1.ZeroShotAverage;
import io.espalier.v1.ZeroShotReport;
import io.espalier.v1.ZeroShotTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the models answered to the questions of multiple-choice tasks, with one line for each task and average. */
final class ZeroShotTable {
    /** Of all answers, one that is given so often says little about the questions. */
    private static final double MOSTLY = 0.9;

    private ZeroShotTable() {}

    /** Empty where nothing was asked. */
    static String of(EvaluationReport evaluation) {
        ZeroShotReport report = evaluation.getZeroShot();
        if (report.getTasksCount() == 0) {
            return "";
        }
        boolean recovered = report.hasUnrecovered();
        List<List<String>> rows = new ArrayList<>();
        rows.add(
                recovered
                        ? List.of("zero-shot accuracy", "dense", "pruned", "recovered", "questions")
                        : List.of("zero-shot accuracy", "dense", "pruned", "questions"));
        for (ZeroShotTask task : report.getTasksList()) {
            List<String> row = new ArrayList<>(List.of(name(task), figure(task.getDense())));
            if (recovered) {
                row.add(figure(task.getUnrecovered()));
            }
            row.add(figure(task.getPruned()));
            row.add(String.format(Locale.ROOT, "%,d", task.getQuestions()));
            rows.add(row);
        }
        rows.add(average("average", report, ZeroShotAverage::getPublished));
        rows.add(average("average, acc alone", report, ZeroShotAverage::getAccuracy));
        StringBuilder table = new StringBuilder("\n\n").append(Columns.of(rows));
        table.append("\n± is the standard error; of the questions the pruned model "
                + report.getTasksList().stream()
                        .map(task -> String.format(
                                Locale.ROOT,
                                "gained %,d and lost %,d of %s",
                                task.getGained(),
                                task.getLost(),
                                task.getTask()))
                        .collect(Collectors.joining(", ")));
        report.getTasksList().stream()
                .filter(task -> mostlyOne(task.getPruned()) || mostlyOne(task.getDense()))
                .forEach(
                        task -> table.append("\nnote: ")
                                .append(task.getTask())
                                .append(
                                        ": one and the same answer was given to nearly all questions, so the accuracy says little"));
        return table.toString();
    }

    private static boolean mostlyOne(TaskAccuracy accuracy) {
        int all = accuracy.getAnswersList().stream().mapToInt(Integer::intValue).sum();
        return accuracy.getAnswersList().stream().anyMatch(count -> all > 0 && count > MOSTLY * all);
    }

    private interface Share {
        double of(ZeroShotAverage average);
    }

    private static List<String> average(String name, ZeroShotReport report, Share share) {
        List<String> row = new ArrayList<>(List.of(name, percent(share.of(report.getDense()))));
        if (report.hasUnrecovered()) {
            row.add(percent(share.of(report.getUnrecovered())));
        }
        row.add(percent(share.of(report.getPruned())));
        row.add("");
        return row;
    }

    /** The task with the accuracy that papers average. */
    private static String name(ZeroShotTask task) {
        return task.getTask() + (task.getDense().hasNormalized() ? ", acc_norm" : ", acc");
    }

    private static String figure(TaskAccuracy accuracy) {
        boolean normalized = accuracy.hasNormalized();
        boolean known = normalized ? accuracy.hasNormalizedError() : accuracy.hasAccuracyError();
        double error = normalized ? accuracy.getNormalizedError() : accuracy.getAccuracyError();
        return percent(normalized ? accuracy.getNormalized() : accuracy.getAccuracy())
                + (known ? String.format(Locale.ROOT, " ± %.1f", 100 * error) : "");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }
}
