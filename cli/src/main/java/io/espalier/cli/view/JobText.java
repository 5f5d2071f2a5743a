package io.espalier.cli.view;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageProgress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** Formats jobs and their events as text for people. */
public final class JobText {
    private static final String ROW = "%-36s %-11s %-20s %s";

    private JobText() {}

    /** The list of jobs, with one line for each job. */
    public static String table(List<Job> jobs) {
        if (jobs.isEmpty()) {
            return "no jobs yet";
        }
        StringBuilder table = new StringBuilder(
                String.format(Locale.ROOT, ROW, "JOB", "STATE", "ACCEPTED", "").stripTrailing());
        for (Job job : jobs) {
            table.append('\n')
                    .append(String.format(
                                    Locale.ROOT,
                                    ROW,
                                    job.getJobId(),
                                    job.getState(),
                                    time(job.getAcceptedAt()),
                                    remark(job))
                            .stripTrailing());
        }
        return table.toString();
    }

    /** All known facts about a job. */
    public static String card(Job job) {
        StringBuilder card = new StringBuilder();
        line(card, "job", job.getJobId());
        line(card, "state", job.getState().name());
        line(card, "accepted", time(job.getAcceptedAt()));
        line(card, "updated", time(job.getUpdatedAt()));
        line(card, "model", job.getRequest().getModel());
        line(card, "output", job.getOutput());
        line(card, "note", remark(job));
        line(card, "report", job.getEvaluation().getReport().replaceAll("\\p{C}", "?"));
        if (job.hasEvaluation()) {
            card.append('\n').append(EvaluationTable.of(job.getEvaluation())).append('\n');
        }
        return card.toString().stripTrailing();
    }

    /** One line that describes an event. Progress events have their own display. */
    public static String event(JobEvent event) {
        String stage = event.getStage();
        return switch (event.getEventCase()) {
            case ACCEPTED -> "accepted " + event.getJobId();
            case STAGE_STARTED -> stage + " started";
            case PROGRESS -> stage + " " + progress(event.getProgress());
            case ARTIFACT_COMMITTED ->
                stage + " committed artifact " + event.getArtifactCommitted().getOutput();
            case STAGE_FINISHED -> stage + " finished";
            case COMPLETED -> "completed " + event.getJobId();
            case FAILED ->
                "failed in %s, %s: %s"
                        .formatted(
                                stage,
                                event.getFailed().getCode(),
                                event.getFailed().getMessage());
            case CANCELLED ->
                "cancelled in %s%s: %s"
                        .formatted(
                                stage,
                                by(event.getCancelled().getBy()),
                                reason(event.getCancelled().getReason()));
            case EVENT_NOT_SET -> stage + " said something this version does not know";
        };
    }

    private static String remark(Job job) {
        return switch (job.getState()) {
            case FAILED -> job.getFailure().getCode() + ": " + job.getFailure().getMessage();
            case SCORING, PRUNING, RECOVERING, EVALUATING -> job.hasProgress() ? progress(job.getProgress()) : "";
            case COMPLETED -> gain(job.getEvaluation());
            case ACCEPTED, CANCELLED, JOB_STATE_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    /** What pruning cost and gained, in a few words. */
    static String gain(EvaluationReport report) {
        return String.format(
                Locale.ROOT,
                "perplexity %.2f → %.2f, parameters × %.2f",
                report.getDense().getPerplexity(),
                report.getPruned().getPerplexity(),
                (double) report.getPruned().getParameters() / report.getDense().getParameters());
    }

    private static String progress(StageProgress progress) {
        return "%s %d/%d tasks".formatted(progress.getActivity(), progress.getTasksDone(), progress.getTasksTotal());
    }

    /** Nobody is named where nobody was authenticated. */
    private static String by(String caller) {
        return caller.isEmpty() ? "" : " by " + caller;
    }

    private static String reason(String reason) {
        return reason.isEmpty() ? "no reason given" : reason;
    }

    private static String time(Timestamp at) {
        return Instant.ofEpochMilli(Timestamps.toMillis(at))
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
    }

    private static void line(StringBuilder card, String name, String value) {
        if (!value.isEmpty()) {
            card.append(String.format(Locale.ROOT, "%-10s%s%n", name, value));
        }
    }
}
