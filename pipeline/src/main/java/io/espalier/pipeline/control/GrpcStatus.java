package io.espalier.pipeline.control;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** The gRPC status of each error code. */
public final class GrpcStatus {
    private GrpcStatus() {}

    /** The failure of a call. Its cause stays in this process, for whoever answers in another protocol. */
    public static StatusRuntimeException failure(EspalierException e) {
        return of(e.code())
                .withDescription(e.code() + ": " + e.getMessage())
                .withCause(e)
                .asRuntimeException();
    }

    private static Status of(ErrorCode code) {
        return switch (code) {
            case INVALID_ARGUMENT, MALFORMED_MESSAGE, MODEL_UNSUPPORTED -> Status.INVALID_ARGUMENT;
            case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
            case NOT_FOUND, MODEL_NOT_FOUND -> Status.NOT_FOUND;
            case MODEL_URI_FORBIDDEN -> Status.PERMISSION_DENIED;
            case MODEL_CORRUPT -> Status.DATA_LOSS;
            case INPUT_CHANGED -> Status.ABORTED;
            case DISK_FULL, QUOTA_EXCEEDED -> Status.RESOURCE_EXHAUSTED;
            case CANCELLED -> Status.CANCELLED;
            case WORKER_LOST -> Status.UNAVAILABLE;
            case INTERNAL -> Status.INTERNAL;
        };
    }
}
