package io.espalier.pipeline.request;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.stage.Intake;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.Failure;
import io.espalier.v1.PruneRequest;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** {@link RequestReader} as the intake of the stage that requests come to; headers say whether a value is JSON. */
public final class RequestIntake implements Intake {
    private final UnaryOperator<PruneRequest> completing;

    /** Accepts requests as they are. */
    public RequestIntake() {
        this(UnaryOperator.identity());
    }

    /**
     * @param completing adds what a request leaves to today's defaults. They then stand in the job, so a later version with
     *     other defaults does the same with it. The digest is of the request as it came.
     */
    public RequestIntake(UnaryOperator<PruneRequest> completing) {
        this.completing = completing;
    }

    @Override
    public Accepted read(@Nullable String key, byte @Nullable [] value, Headers headers, String position) {
        AcceptedRequest accepted = RequestReader.read(key, value, CloudEventHeaders.isJson(headers), position);
        return new Accepted(
                accepted.getJobId(),
                accepted.toBuilder()
                        .setRequest(completing.apply(accepted.getRequest()))
                        .setBy(CloudEventHeaders.principal(headers))
                        .build());
    }

    /** A record without a value is no request of anybody, and without a key nobody knows what to wait for. */
    @Override
    public Optional<Accepted> refused(
            @Nullable String key, byte @Nullable [] value, Headers headers, EspalierException refusal) {
        if (key == null || value == null || !RequestReader.isJobId(key)) {
            return Optional.empty();
        }
        return Optional.of(new Accepted(
                key,
                AcceptedRequest.newBuilder()
                        .setJobId(key)
                        .setDigest(RequestReader.sha256(value))
                        .setRequest(PruneRequest.newBuilder().setRequestId(key))
                        .setBy(CloudEventHeaders.principal(headers))
                        .setRefused(Failure.newBuilder()
                                .setCode(refusal.code().name())
                                .setMessage(String.valueOf(refusal.getMessage())))
                        .build()));
    }

    /**
     * What a stage asks before it begins a job.
     *
     * @throws EspalierException the refusal of the record
     */
    public static void requireUsable(AcceptedRequest accepted) {
        if (accepted.hasRefused()) {
            throw new EspalierException(
                    ErrorCode.valueOf(accepted.getRefused().getCode()),
                    accepted.getRefused().getMessage() + "; send it corrected under another key");
        }
    }
}
