package io.espalier.evaluator.kafka;

import io.espalier.v1.Asked;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobInputs;
import io.espalier.v1.MeasuredTextRead;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.TaskRead;
import io.espalier.v1.TaskResult;
import io.espalier.v1.WindowsMeasured;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts together what the tasks of an evaluation measured. An evaluator of an earlier version, which knows neither questions nor
 * windows, measured a checkpoint instead; what is missing for that reason is told in the reports.
 */
record EvaluationResults(EvaluationTasks tasks, List<TaskResult> results) {
    private static final String MISSING =
            "not all %s, because a process of an earlier version took a part of this job; send"
                    + " the request again under another id";
    private static final String UNASKED = MISSING.formatted("questions of evaluation.tasks were asked");
    private static final String UNWRITTEN = MISSING.formatted("evaluation.prompts were continued");
    private static final String UNMEASURED = MISSING.formatted("windows of the evaluation's texts were measured");

    /** The evaluation of each checkpoint, with the perplexities of all texts and what its model answered. */
    List<EvaluationReport> reports() {
        List<EvaluationReport> reports = results.subList(0, tasks.evaluationsCount()).stream()
                .map(TaskResult::getEvaluated)
                .toList();
        return withSamples(withAnswers(withTexts(reports)));
    }

    private List<EvaluationReport> withSamples(List<EvaluationReport> evaluations) {
        boolean asked = tasks.first().getRequest().getEvaluation().getPromptsCount() > 0;
        return tasks.samples(results)
                .map(sampled -> SampleWorkMapper.added(checkpoints(), evaluations, sampled))
                .orElseGet(() -> asked ? noted(evaluations, UNWRITTEN) : evaluations);
    }

    private List<EvaluationReport> withTexts(List<EvaluationReport> evaluations) {
        List<List<TaskResult>> measured = tasks.measured(results);
        int asked = tasks.first().getRequest().getEvaluation().getTextsCount();
        if (measured.isEmpty()) {
            return asked == 0 ? evaluations : noted(evaluations, UNMEASURED);
        }
        boolean whole = measured.size() == 1 + asked;
        List<EvaluationReport> reports = evaluations;
        List<TextReportMapper.Text> texts = new ArrayList<>();
        for (int i = 0; i < measured.size(); i++) {
            TextReportMapper.Summed summed = summed(measured.get(i));
            boolean all = summed.parts().size() == measured.get(i).size();
            whole &= all;
            if (i == 0 && !summed.parts().isEmpty()) {
                reports = TextReportMapper.measured(checkpoints(), reports, summed);
            } else if (i > 0 && all) {
                texts.add(text(i - 1, summed));
            }
        }
        reports = TextReportMapper.added(checkpoints(), reports, texts);
        return whole ? reports : noted(reports, UNMEASURED);
    }

    private static TextReportMapper.Summed summed(List<TaskResult> slices) {
        List<WindowsMeasured> parts = slices.stream()
                .filter(TaskResult::hasWindowsMeasured)
                .map(TaskResult::getWindowsMeasured)
                .toList();
        return new TextReportMapper.Summed(parts);
    }

    private TextReportMapper.Text text(int index, TextReportMapper.Summed summed) {
        MeasuredTextRead read = inputs().getTexts(index);
        boolean calibrated = read.getSha256().equals(inputs().getCalibrationSha256());
        return new TextReportMapper.Text(
                tasks.first().getRequest().getEvaluation().getTexts(index),
                read,
                calibrated ? "calibration" : "held-out",
                summed);
    }

    private List<EvaluationReport> withAnswers(List<EvaluationReport> evaluations) {
        List<List<TaskResult>> slices = tasks.answers(results);
        List<ZeroShotReportMapper.AskedTask> asked = new ArrayList<>();
        boolean whole =
                slices.size() == tasks.first().getRequest().getEvaluation().getTasksCount();
        for (int i = 0; i < slices.size(); i++) {
            TaskRead read = inputs().getTasks(i);
            List<Asked> answers = slices.get(i).stream()
                    .filter(TaskResult::hasAsked)
                    .map(TaskResult::getAsked)
                    .toList();
            whole &= answers.size() == slices.get(i).size();
            if (!answers.isEmpty()) {
                asked.add(new ZeroShotReportMapper.AskedTask(read, answers));
            }
        }
        List<EvaluationReport> reports = ZeroShotReportMapper.added(checkpoints(), evaluations, asked);
        return whole ? reports : noted(reports, UNASKED);
    }

    private static List<EvaluationReport> noted(List<EvaluationReport> reports, String note) {
        return reports.stream()
                .map(EvaluationReport::toBuilder)
                .map(report -> {
                    report.getProtocolBuilder().addNotes(note);
                    return report.build();
                })
                .toList();
    }

    private List<PrunedCheckpoint> checkpoints() {
        List<PrunedCheckpoint> all = new ArrayList<>(tasks.first().getFurtherList());
        all.add(0, tasks.first());
        return all;
    }

    private JobInputs inputs() {
        return tasks.first().getInputs();
    }
}
