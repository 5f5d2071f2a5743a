package io.espalier.pipeline.topic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.StreamSupport;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A record that can never succeed, as it goes to the dead letters: unchanged, with headers that say why and where it came
 * from. A large record would grow over what the broker accepts, and then nobody could set it aside. Of such a record only
 * the beginning is kept, with its size and digest; topic, partition and offset lead to the whole.
 *
 * @param key of the record, at most {@link #KEPT_BYTES} characters of it
 */
public record DeadLetter(@Nullable String key, byte[] value, Headers headers) {
    /** A record whose key, value and headers take more than this is kept in part. */
    static final int LARGE_BYTES = TopicCatalog.MAX_RECORD_BYTES / 4;

    /** How much is kept of a large record's value. */
    static final int KEPT_BYTES = 1024;

    private static final int REASON_CHARS = 2000;

    /** Where the record lies. */
    public record Place(String topic, int partition, long offset) {}

    /**
     * @param code an error code
     * @param reason for people; shortened where it quotes too much of the record
     */
    public static DeadLetter of(
            @Nullable String key, byte @Nullable [] value, Headers original, Place place, String code, String reason) {
        byte[] bytes = value == null ? new byte[0] : value;
        boolean large = bytes.length + length(key) + length(original) > LARGE_BYTES;
        RecordHeaders headers = large ? new RecordHeaders() : new RecordHeaders(original);
        put(headers, "dlt-code", code);
        put(headers, "dlt-reason", shortened(reason, REASON_CHARS));
        put(headers, "dlt-topic", place.topic());
        put(headers, "dlt-partition", Integer.toString(place.partition()));
        put(headers, "dlt-offset", Long.toString(place.offset()));
        if (!large) {
            return new DeadLetter(key, bytes, headers);
        }
        put(headers, "dlt-bytes", Integer.toString(bytes.length));
        put(headers, "dlt-sha256", sha256(bytes));
        return new DeadLetter(
                key == null ? null : shortened(key, KEPT_BYTES),
                Arrays.copyOf(bytes, Math.min(bytes.length, KEPT_BYTES)),
                headers);
    }

    private static int length(@Nullable String key) {
        return key == null ? 0 : key.getBytes(StandardCharsets.UTF_8).length;
    }

    private static int length(Headers headers) {
        return StreamSupport.stream(headers.spliterator(), false)
                .mapToInt(header -> length(header.key()) + length(header))
                .sum();
    }

    private static int length(Header header) {
        return header.value() == null ? 0 : header.value().length;
    }

    private static String shortened(String text, int chars) {
        return text.length() <= chars ? text : text.substring(0, chars);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void put(Headers headers, String name, String value) {
        CloudEventHeaders.put(headers, name, value);
    }
}
