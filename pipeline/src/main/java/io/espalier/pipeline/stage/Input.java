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
     * @param priority of the job among those that wait
     */
    record Start(ByteString payload, String digest, int priority) implements Input {}

    /**
     * The same fact while enough other jobs are under way: the job is taken over and waits for {@link Admit}.
     *
     * @param traceparent of the record; empty for none
     */
    record Wait(Start start, String traceparent) implements Input {}

    /**
     * The same fact while as many other jobs wait as may.
     *
     * @param why for people
     */
    record Refuse(Start start, String why) implements Input {}

    /** It is the job's turn. */
    record Admit() implements Input {}

    /** A worker reports on a task. */
    record Result(TaskResult result) implements Input {}

    /** A user asks for something. */
    record Command(JobCommand command) implements Input {}

    /** Time has passed. */
    record Tick() implements Input {}
}
