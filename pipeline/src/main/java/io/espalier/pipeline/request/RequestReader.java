package io.espalier.pipeline.request;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.PruneRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads whatever bytes stand on `prune-requests` and gives the request its identity. */
public final class RequestReader {
    private static final Pattern JOB_ID = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    /** More than a request has reason to have, and far below what a record may. */
    private static final int MAX_BYTES = 32 * 1024;

    private RequestReader() {}

    /**
     * A request that names its id, as it would be read from its topic.
     *
     * @throws EspalierException MALFORMED_MESSAGE or INVALID_ARGUMENT
     */
    public static AcceptedRequest read(PruneRequest request) {
        return read(null, request.toByteArray(), false, "");
    }

    /**
     * @param key of the record: the job id when the request names none
     * @param position topic-partition-offset: the job id when there is no key either
     * @throws EspalierException MALFORMED_MESSAGE or INVALID_ARGUMENT: a record for the dead letters
     */
    public static AcceptedRequest read(@Nullable String key, byte @Nullable [] value, boolean json, String position) {
        if (value == null || value.length == 0) {
            throw new EspalierException(ErrorCode.MALFORMED_MESSAGE, "the record has no value");
        }
        if (value.length > MAX_BYTES) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "the request has %d bytes; at most %d are accepted".formatted(value.length, MAX_BYTES));
        }
        PruneRequest request = parse(value, json);
        if (request.getModel().isEmpty()) {
            throw new EspalierException(
                    ErrorCode.MALFORMED_MESSAGE, "not a prune request: the field model is missing or empty");
        }
        String jobId = jobId(request.getRequestId(), key, position);
        PruneRequest canonical = request.toBuilder().clearRequestId().build();
        return AcceptedRequest.newBuilder()
                .setJobId(jobId)
                .setDigest(sha256(canonical.toByteArray()))
                .setRequest(canonical.toBuilder().setRequestId(jobId))
                .build();
    }

    /** JSON starts with a brace, which opens no protobuf field of a request: so a missing header does no harm. */
    private static PruneRequest parse(byte[] value, boolean json) {
        if (json || value[0] == '{') {
            return RequestJson.fromJson(new String(value, StandardCharsets.UTF_8));
        }
        try {
            PruneRequest request = PruneRequest.parseFrom(value);
            return request.toBuilder()
                    .setUnknownFields(com.google.protobuf.UnknownFieldSet.getDefaultInstance())
                    .build();
        } catch (InvalidProtocolBufferException e) {
            throw new EspalierException(ErrorCode.MALFORMED_MESSAGE, "not a prune request: " + e.getMessage(), e);
        }
    }

    /** Whether a text can be the id of a job. */
    public static boolean isJobId(String text) {
        return JOB_ID.matcher(text).matches();
    }

    private static String jobId(String requestId, @Nullable String key, String position) {
        String field = requestId.isEmpty() ? "record key" : "request_id";
        String id = !requestId.isEmpty() ? requestId : key != null && !key.isEmpty() ? key : position;
        if (!isJobId(id)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    field + " must be 1 to 128 characters out of A-Z a-z 0-9 . _ - and not start with . or -");
        }
        return id;
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
