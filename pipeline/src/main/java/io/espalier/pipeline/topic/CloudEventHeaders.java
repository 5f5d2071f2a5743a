package io.espalier.pipeline.topic;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** CloudEvents 1.0 in Kafka's binary mode, so that any consumer knows what a record is without parsing it. */
public final class CloudEventHeaders {
    public static final String CONTENT_TYPE = "content-type";
    public static final String PROTOBUF = "application/protobuf";
    public static final String JSON = "application/json";

    /** Extension "Auth Context" of CloudEvents: the principal that a record was written for. */
    private static final String PRINCIPAL = "ce_authid";

    private static final int MAX_PRINCIPAL_BYTES = 256;

    private static final String TRACE = "traceparent";
    /** Four times what W3C trace context needs; what is longer is none. */
    private static final int MAX_TRACE_BYTES = 220;

    private CloudEventHeaders() {}

    /** Headers of a protobuf record; see {@link #of(String, String, String, String, long, Headers)}. */
    public static Headers of(String source, String jobId, String type, long now, Headers cause) {
        return of(source, jobId, type, PROTOBUF, now, cause);
    }

    /**
     * @param source the part that writes: "scorer", "cli"
     * @param type simple name of the protobuf message
     * @param contentType of the value
     * @param now milliseconds since the epoch
     * @param cause headers of the record this one follows from; its trace goes on
     */
    public static Headers of(String source, String jobId, String type, String contentType, long now, Headers cause) {
        RecordHeaders headers = new RecordHeaders();
        put(headers, CONTENT_TYPE, contentType);
        put(headers, "ce_specversion", "1.0");
        put(headers, "ce_id", UUID.randomUUID().toString());
        put(headers, "ce_source", "/espalier/" + source);
        put(headers, "ce_type", "espalier.v1." + type);
        put(headers, "ce_subject", jobId);
        put(headers, "ce_time", Instant.ofEpochMilli(now).toString());
        Header trace = cause.lastHeader(TRACE);
        if (trace != null && trace.value() != null && trace.value().length <= MAX_TRACE_BYTES) {
            headers.add(trace);
        }
        return headers;
    }

    /** The W3C trace context of a record; empty for none. */
    public static String trace(Headers headers) {
        Header trace = headers.lastHeader(TRACE);
        boolean usable = trace != null && trace.value() != null && trace.value().length <= MAX_TRACE_BYTES;
        return usable ? new String(trace.value(), StandardCharsets.UTF_8) : "";
    }

    /** Adds the principal that a record is written for; nothing for an empty name. */
    public static void putPrincipal(Headers headers, String name) {
        if (!name.isEmpty()) {
            put(headers, PRINCIPAL, name);
        }
    }

    /**
     * The principal that a record was written for; empty for none. It is as true as the ACL of the topic: whoever may write
     * there may write any name.
     */
    public static String principal(Headers headers) {
        Header principal = headers.lastHeader(PRINCIPAL);
        boolean usable =
                principal != null && principal.value() != null && principal.value().length <= MAX_PRINCIPAL_BYTES;
        return usable ? new String(principal.value(), StandardCharsets.UTF_8) : "";
    }

    /** Headers with nothing but a trace context, as {@link #trace} gave it. */
    public static Headers withTrace(String traceparent) {
        RecordHeaders headers = new RecordHeaders();
        if (!traceparent.isEmpty()) {
            put(headers, TRACE, traceparent);
        }
        return headers;
    }

    /** Whether the record is proto3 JSON rather than protobuf. */
    public static boolean isJson(Headers headers) {
        Header type = headers.lastHeader(CONTENT_TYPE);
        return type != null
                && type.value() != null
                && new String(type.value(), StandardCharsets.UTF_8).startsWith(JSON);
    }

    static void put(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
