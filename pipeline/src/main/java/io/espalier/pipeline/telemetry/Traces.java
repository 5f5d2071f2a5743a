package io.espalier.pipeline.telemetry;

import java.util.Map;
import org.apache.kafka.common.header.Headers;

/** Records what happens on the way of a job as spans of one trace, which records carry in their `traceparent` header. */
@FunctionalInterface
public interface Traces {
    /** Records no spans; a record's trace is handed on as it came. */
    Traces NONE = (name, cause, attributes) -> new Span() {
        @Override
        public Headers headers() {
            return cause;
        }

        @Override
        public void failed(String reason) {}

        @Override
        public void close() {}
    };

    /**
     * Begins a span.
     *
     * @param cause headers of the record it follows from; without a trace there, a new one begins
     */
    Span begin(String name, Headers cause, Map<String, String> attributes);

    /** Something that takes time; closing it ends it. */
    interface Span extends AutoCloseable {
        /** Headers with the trace for records that follow from this. */
        Headers headers();

        void failed(String reason);

        @Override
        void close();
    }
}
