package io.espalier.pipeline.stage;

import com.google.protobuf.Message;
import io.espalier.base.EspalierException;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Turns records that anybody may have written into facts of the stage's input topic. Their record key need not be the
 * job id, so they are written again under it: then all that concerns a job meets on one partition.
 */
@FunctionalInterface
public interface Intake {
    /**
     * A job that was let in.
     *
     * @param fact for the stage's input topic
     */
    record Accepted(String jobId, Message fact) {}

    /**
     * Reads one record.
     *
     * @param key of the record; null when it has none
     * @param value null when the record is a tombstone
     * @param position topic-partition-offset: unique, and the same however often the record is read
     * @throws EspalierException for a record that can never become a job: it goes to the dead letters
     */
    Accepted read(@Nullable String key, byte @Nullable [] value, Headers headers, String position);

    /**
     * The job that a record which was refused is about, so that whoever waits for it hears of its end.
     *
     * @param refusal as {@link #read} threw it
     * @return empty where the record names no job
     */
    default Optional<Accepted> refused(
            @Nullable String key, byte @Nullable [] value, Headers headers, EspalierException refusal) {
        return Optional.empty();
    }
}
