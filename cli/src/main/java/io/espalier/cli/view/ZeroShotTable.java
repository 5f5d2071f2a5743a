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
        StringBuilder table = new StringBuilder("\n\n")
                .append(line(
                        "zero-shot accuracy",
                        recovered ? List.of("dense", "pruned", "recovered") : List.of("dense", "pruned"),
                        "questions"));
        for (ZeroShotTask task : report.getTasksList()) {
            List<String> figures = new ArrayList<>(List.of(figure(task.getDense())));
            if (recovered) {
                figures.add(figure(task.getUnrecovered()));
            }
            figures.add(figure(task.getPruned()));
            table.append('\n')
                    .append(line(name(task), figures, String.format(Locale.ROOT, "%,d", task.getQuestions())));
        }
        table.append('\n').append(average("average", report, ZeroShotAverage::getPublished));
        table.append('\n').append(average("average, acc alone", report, ZeroShotAverage::getAccuracy));
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

    private static String average(String name, ZeroShotReport report, Share share) {
        List<String> figures = new ArrayList<>(List.of(percent(share.of(report.getDense()))));
        if (report.hasUnrecovered()) {
            figures.add(percent(share.of(report.getUnrecovered())));
        }
        figures.add(percent(share.of(report.getPruned())));
        return line(name, figures, "");
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

    private static String line(String name, List<String> figures, String last) {
        return EvaluationTable.line(name, figures, last);
    }
}
