package io.espalier.pipeline.job;

import io.espalier.pipeline.stage.StageName;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobState;

/** A job as its events tell it; pure. */
public final class JobView {
    private JobView() {}

    /** The job after one more event. */
    public static Job apply(Job job, JobEvent event) {
        Job.Builder next = job.toBuilder().setJobId(event.getJobId()).setUpdatedAt(event.getAt());
        if (isTerminal(job.getState())) {
            return job;
        }
        switch (event.getEventCase()) {
            case ACCEPTED ->
                next.setState(JobState.ACCEPTED)
                        .setRequest(event.getAccepted().getRequest())
                        .setAcceptedAt(event.getAt());
            case STAGE_STARTED ->
                next.setState(StageName.of(event.getStage()).state()).clearProgress();
            case PROGRESS ->
                next.setState(StageName.of(event.getStage()).state()).setProgress(event.getProgress());
            case ARTIFACT_COMMITTED -> {
                if (next.getOutput().isEmpty()) {
                    next.setOutput(event.getArtifactCommitted().getOutput());
                } else {
                    next.addFurtherOutputs(event.getArtifactCommitted().getOutput());
                }
            }
            case STAGE_FINISHED, EVENT_NOT_SET -> {}
            case COMPLETED ->
                next.setState(JobState.COMPLETED)
                        .setEvaluation(event.getCompleted())
                        .clearProgress();
            case FAILED -> {
                next.setState(JobState.FAILED).setFailure(event.getFailed());
                if (event.getStage().equals(StageName.PRUNER.label())) {
                    // Decided, but the rename lost to another artifact of that name.
                    next.clearOutput().clearFurtherOutputs();
                }
            }
            case CANCELLED -> next.setState(JobState.CANCELLED);
        }
        return next.build();
    }

    public static boolean isTerminal(JobState state) {
        return state == JobState.COMPLETED || state == JobState.FAILED || state == JobState.CANCELLED;
    }

    public static boolean isTerminal(JobEvent event) {
        return event.hasCompleted() || event.hasFailed() || event.hasCancelled();
    }
}
