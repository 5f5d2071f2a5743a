package io.espalier.pipeline.stage;

import com.google.protobuf.ByteString;
import io.espalier.v1.JobCommand;
import io.espalier.v1.TaskResult;

/** What a stage hears about one job. */
public sealed interface Input {
    /**
     * The fact that hands the job to this stage.
     *
     * @param payload the serialized fact, as {@link Stage#next} will see it again
     * @param digest tells a repetition of the same fact from another one for the same job
     */
    record Start(ByteString payload, String digest) implements Input {}

    /** A worker reports on a task. */
    record Result(TaskResult result) implements Input {}

    /** A user asks for something. */
    record Command(JobCommand command) implements Input {}

    /** Time has passed. */
    record Tick() implements Input {}
}
