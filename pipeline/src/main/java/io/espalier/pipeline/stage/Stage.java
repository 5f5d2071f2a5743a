package io.espalier.pipeline.stage;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageStarted;
import io.espalier.v1.TaskResult;
import java.util.List;
import java.util.Optional;

/**
 * The part of a stage that is its own. Pure: what comes next is a function of the input fact and the results so far,
 * so a stage has no other state to lose.
 */
public interface Stage {
    /** Its name and the topics it lives between. */
    StageTopics topics();

    /** The stage's name in events and metrics. */
    default String label() {
        return topics().stage();
    }

    /** How records from outside become jobs of this stage; empty where jobs come from another stage. */
    default Optional<Intake> intake() {
        return Optional.empty();
    }

    /** What stands on the stage's input topic: its default instance. */
    Message inputType();

    /**
     * Reads a record of the stage's input topic.
     *
     * @param value as protobuf, whichever way it was written
     * @return empty for records of the topic that are not for this stage
     */
    Optional<Input.Start> start(byte[] value) throws InvalidProtocolBufferException;

    /**
     * @param input the fact that handed the job over
     * @param waves results of the complete waves, each in task order
     * @throws io.espalier.base.EspalierException when the job cannot go on; it then ends as FAILED
     */
    Step next(Input.Start input, List<List<TaskResult>> waves);

    /** What the stage says when it takes a job over. */
    default JobEvent opening(Input.Start input) {
        return JobEvent.newBuilder()
                .setStageStarted(StageStarted.getDefaultInstance())
                .build();
    }

    /** Facts a single result is worth, published at once. */
    default List<Message> facts(TaskResult result) {
        return List.of();
    }

    /** What of a result is kept in the state: drops what is published and large. */
    default TaskResult retain(TaskResult result) {
        return result;
    }
}
