package io.espalier.system;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A committed record as a {@link Recording} keeps it: one line of JSON, with bytes in base64.
 *
 * @param timestamp milliseconds since the epoch, as the writer set it
 * @param value null in a tombstone
 */
@SuppressWarnings("ArrayRecordComponent") // only read, never compared
@JsonPropertyOrder({"partition", "offset", "timestamp", "key", "value", "headers"})
record RecordedRecord(
        int partition,
        long offset,
        long timestamp,
        @Nullable String key,
        byte @Nullable [] value,
        List<RecordedHeader> headers) {

    /** Written as {@code [name, base64]}. */
    @SuppressWarnings("ArrayRecordComponent")
    @JsonFormat(shape = JsonFormat.Shape.ARRAY)
    @JsonPropertyOrder({"name", "value"})
    record RecordedHeader(String name, byte @Nullable [] value) {}

    static RecordedRecord of(ConsumerRecord<String, byte[]> record) {
        return new RecordedRecord(
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                StreamSupport.stream(record.headers().spliterator(), false)
                        .map(header -> new RecordedHeader(header.key(), header.value()))
                        .toList());
    }

    boolean hasHeader(String name) {
        return headers.stream().anyMatch(header -> header.name().equals(name));
    }
}
