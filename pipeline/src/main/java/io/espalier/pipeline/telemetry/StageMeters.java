package io.espalier.pipeline.telemetry;

import java.time.Duration;

/** Hears what a stage counts; may be called from any thread. What is not overridden is not counted. */
public interface StageMeters {
    /** Counts nothing. */
    StageMeters NONE = new StageMeters() {};

    /**
     * @param partition names a part of the fold of this replica
     * @param tasks issued there and taken by nobody; 0 when this replica lets go of the partition
     */
    default void tasksWaiting(String partition, int tasks) {}

    /** @param jobs of a part of the fold of this replica that wait for their turn; 0 when it lets go of the partition */
    default void jobsWaiting(String partition, int jobs) {}

    /** @param work kind of the task: "score-layer" */
    default void taskEnded(String work, TaskOutcome outcome, Duration took) {}

    /** @param more tokens put through a layer since the last call */
    default void tokens(long more) {}

    /** A job was handed on to the next stage, or completed. */
    default void stageEnded(Duration took) {}

    default void jobEnded(JobOutcome outcome) {}

    /** @param code of a failed job or a dead letter */
    default void failed(String code) {}
}
