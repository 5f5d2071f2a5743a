package io.espalier.pipeline.job;

import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobState;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Scoring;

/**
 * A job as its events tell it; pure.
 *
 * @param committer stage that decided the job's artifacts; empty before
 */
public record JobView(Job job, String committer) {
    /** Before the first event. */
    public static final JobView NONE = new JobView(Job.getDefaultInstance(), "");

    /** Far more than people write; what is larger is kept in outline. */
    private static final int MAX_REQUEST_BYTES = 4096;

    private static final int MAX_OUTLINE_CHARS = 512;

    /** An event as it is kept by every process that follows the log: none of them keeps all that a user may send. */
    public static JobEvent kept(JobEvent event) {
        PruneRequest request = event.getAccepted().getRequest();
        if (request.getSerializedSize() <= MAX_REQUEST_BYTES) {
            return event;
        }
        JobEvent.Builder kept = event.toBuilder();
        kept.getAcceptedBuilder()
                .setRequest(PruneRequest.newBuilder()
                        .setRequestId(request.getRequestId())
                        .setModel(outline(request.getModel()))
                        .setOutput(outline(request.getOutput()))
                        .setScoring(Scoring.newBuilder()
                                .setScoresOf(outline(request.getScoring().getScoresOf())))
                        .setPriority(request.getPriority()));
        return kept.build();
    }

    private static String outline(String text) {
        return text.length() <= MAX_OUTLINE_CHARS ? text : text.substring(0, MAX_OUTLINE_CHARS) + "...";
    }

    /** The job after one more event. */
    public JobView after(JobEvent event) {
        if (isTerminal(job.getState())) {
            return this;
        }
        String decidedBy = event.hasArtifactCommitted() ? event.getStage() : committer;
        return new JobView(apply(event), decidedBy);
    }

    private Job apply(JobEvent event) {
        Job.Builder next = job.toBuilder().setJobId(event.getJobId()).setUpdatedAt(event.getAt());
        switch (event.getEventCase()) {
            case ACCEPTED ->
                next.setState(JobState.ACCEPTED)
                        .setRequest(event.getAccepted().getRequest())
                        .setBy(event.getAccepted().getBy())
                        .setAcceptedAt(event.getAt());
            case STAGE_STARTED -> next.setState(state(event)).clearProgress();
            case PROGRESS -> next.setState(state(event)).setProgress(event.getProgress());
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
                if (event.getStage().equals(committer)) {
                    // The artifacts were decided, but making them visible failed: another has their name.
                    next.clearOutput().clearFurtherOutputs();
                }
            }
            case CANCELLED -> next.setState(JobState.CANCELLED);
        }
        return next.build();
    }

    /** The state of a job in the stage of an event; unchanged if only a later version knows that stage. */
    private JobState state(JobEvent event) {
        return StageTopics.find(event.getStage()).map(StageTopics::state).orElse(job.getState());
    }

    public static boolean isTerminal(JobState state) {
        return state == JobState.COMPLETED || state == JobState.FAILED || state == JobState.CANCELLED;
    }

    public static boolean isTerminal(JobEvent event) {
        return event.hasCompleted() || event.hasFailed() || event.hasCancelled();
    }
}
