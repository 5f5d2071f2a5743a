package io.espalier.evaluator.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.EspalierException;
import io.grpc.Status;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/**
 * Why a call was not done, as HTTP says it.
 *
 * @param status of the answer
 * @param code of Espalier where it has one, else gRPC's
 * @param message names the field and what to do
 */
record Refusal(int status, String code, String message) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Refusal of(Status status) {
        int http = http(status.getCode());
        return status.getCause() instanceof EspalierException e
                ? new Refusal(http, e.code().name(), String.valueOf(e.getMessage()))
                : new Refusal(http, status.getCode().name(), String.valueOf(status.getDescription()));
    }

    private static int http(Status.Code code) {
        return switch (code) {
            case OK -> 200;
            case INVALID_ARGUMENT, OUT_OF_RANGE -> 400;
            case UNAUTHENTICATED -> 401;
            case PERMISSION_DENIED -> 403;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED, CANCELLED -> 409;
            case RESOURCE_EXHAUSTED -> 429;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE -> 503;
            case DEADLINE_EXCEEDED -> 504;
            case INTERNAL, UNKNOWN, DATA_LOSS -> 500;
        };
    }

    Response response() {
        return Response.status(status)
                .type(MediaType.APPLICATION_JSON_TYPE)
                .entity(JSON.createObjectNode()
                        .put("code", code)
                        .put("message", message)
                        .toString())
                .build();
    }
}
