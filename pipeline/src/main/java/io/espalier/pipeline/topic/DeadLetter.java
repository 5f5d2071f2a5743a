package io.espalier.pipeline.topic;

import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** The headers that say why a record can never succeed and where it came from; its key and value stay as they were. */
public final class DeadLetter {
    private DeadLetter() {}

    public static Headers headers(Headers original, Optional<RecordMetadata> from, String code, String reason) {
        return from.map(at -> headers(original, at.topic(), at.partition(), at.offset(), code, reason))
                .orElseGet(() -> headers(original, "", -1, -1, code, reason));
    }

    public static Headers headers(
            Headers original, String topic, int partition, long offset, String code, String reason) {
        RecordHeaders headers = new RecordHeaders(original);
        CloudEventHeaders.put(headers, "dlt-code", code);
        CloudEventHeaders.put(headers, "dlt-reason", reason);
        CloudEventHeaders.put(headers, "dlt-topic", topic);
        CloudEventHeaders.put(headers, "dlt-partition", Integer.toString(partition));
        CloudEventHeaders.put(headers, "dlt-offset", Long.toString(offset));
        return headers;
    }
}
