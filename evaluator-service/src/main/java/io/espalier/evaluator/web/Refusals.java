package io.espalier.evaluator.web;

import io.espalier.base.EspalierException;
import io.espalier.pipeline.control.GrpcStatus;
import io.grpc.StatusRuntimeException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Locale;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Every failure of a call as the same JSON object. */
public class Refusals {
    @ServerExceptionMapper
    public Response of(StatusRuntimeException e) {
        return Refusal.of(e.getStatus()).response();
    }

    @ServerExceptionMapper
    public Response of(EspalierException e) {
        return Refusal.of(GrpcStatus.failure(e).getStatus()).response();
    }

    @ServerExceptionMapper
    public Response of(UnauthorizedException e) {
        return Response.fromResponse(
                        new Refusal(401, "UNAUTHENTICATED", "say who you are: Authorization: Bearer TOKEN").response())
                .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
                .build();
    }

    @ServerExceptionMapper
    public Response of(ForbiddenException e) {
        return new Refusal(403, "PERMISSION_DENIED", "this takes a role that you do not have").response();
    }

    /** What is no call at all: another path, method or type of content. */
    @ServerExceptionMapper
    public Response of(WebApplicationException e) {
        Response answer = e.getResponse();
        return answer.getStatus() < 400
                ? answer
                : new Refusal(
                                answer.getStatus(),
                                answer.getStatusInfo()
                                        .getReasonPhrase()
                                        .toUpperCase(Locale.ROOT)
                                        .replace(' ', '_'),
                                String.valueOf(e.getMessage()))
                        .response();
    }
}
