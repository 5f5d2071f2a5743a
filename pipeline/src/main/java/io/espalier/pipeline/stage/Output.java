package io.espalier.pipeline.stage;

import com.google.protobuf.Message;
import io.espalier.v1.JobEvent;

/** What a stage says; written in one transaction with the state that justifies it. */
public sealed interface Output {
    /** Work for the stage's task queue. */
    record Task(io.espalier.v1.Task task) implements Output {}

    /** For the stage's fact topic. */
    record Fact(Message fact) implements Output {}

    /** For `job-events`. */
    record Event(JobEvent event) implements Output {}

    /** The input can never succeed. */
    record DeadLetter(String code, String reason) implements Output {}
}
