package io.espalier.evaluator.web;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.evaluator.report.ReportWork;
import io.espalier.pipeline.request.RequestJson;
import io.espalier.pipeline.service.ControlEndpoint;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.WatchJobRequest;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Multi;
import io.vertx.core.http.HttpServerResponse;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Jobs over HTTP, each call the one of gRPC. */
@Path("/api/jobs")
@Tag(name = "jobs")
@Produces(MediaType.APPLICATION_JSON)
public class JobsResource {
    private final ControlEndpoint control;
    private final StoredReports reports;

    JobsResource(@GrpcService ControlEndpoint control, StoredReports reports) {
        this.control = control;
        this.reports = reports;
    }

    @GET
    @Operation(summary = "Jobs, newest first: jobs and next_page_token of ListJobsResponse")
    public String list(
            @QueryParam("page_size") @Nullable String size, @QueryParam("page_token") @Nullable String token) {
        ListJobsRequest request = ListJobsRequest.newBuilder()
                .setPageSize(pageSize(size))
                .setPageToken(token == null ? "" : token)
                .build();
        return Answer.json(control::listJobs, request);
    }

    private static int pageSize(@Nullable String text) {
        try {
            return text == null ? 0 : Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "page_size must be a whole number, at most 1000", e);
        }
    }

    @GET
    @Path("{id}")
    @Operation(summary = "One job, as Job")
    public String get(@PathParam("id") String id) {
        return Answer.json(
                control::getJob, GetJobRequest.newBuilder().setJobId(id).build());
    }

    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Sends a PruneRequest, in proto3 JSON or the same in YAML; answers with job_id")
    public String submit(String request) {
        SubmitJobRequest call = SubmitJobRequest.newBuilder()
                .setRequest(RequestJson.fromJson(request))
                .build();
        return Answer.json(control::submitJob, call);
    }

    @POST
    @Consumes(Yaml.TYPE)
    @Operation(hidden = true)
    public String submitYaml(String request) {
        SubmitJobRequest call = SubmitJobRequest.newBuilder()
                .setRequest(RequestJson.fromYaml(request))
                .build();
        return Answer.json(control::submitJob, call);
    }

    @POST
    @Path("{id}/cancel")
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Asks for the end of a job; an object with a reason, which may be empty")
    public String cancel(@PathParam("id") String id, String body) {
        CancelJobRequest call = cancel(body).setJobId(id).build();
        return Answer.json(control::cancelJob, call);
    }

    private static CancelJobRequest.Builder cancel(String body) {
        try {
            CancelJobRequest.Builder call = CancelJobRequest.newBuilder();
            JsonFormat.parser().merge(body.isBlank() ? "{}" : body, call);
            return call;
        } catch (InvalidProtocolBufferException e) {
            throw new EspalierException(
                    ErrorCode.MALFORMED_MESSAGE, "not a cancel in JSON, such as {\"reason\": \"not needed\"}", e);
        }
    }

    @GET
    @Path("{id}/events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Blocking
    @Operation(summary = "Server-sent events: each JobEvent from the beginning, then live; ends after the terminal one")
    public Multi<OutboundSseEvent> events(@PathParam("id") String id, @Context Sse sse) {
        WatchJobRequest call = WatchJobRequest.newBuilder().setJobId(id).build();
        return EventStream.of(stream -> control.watchJob(call, stream)).map(event -> message(event, sse));
    }

    private static OutboundSseEvent message(JobEvent event, Sse sse) {
        return sse.newEventBuilder().data(Answer.json(event)).build();
    }

    @GET
    @Path("{id}/report")
    @Produces(MediaType.TEXT_HTML + ";charset=utf-8")
    @Operation(summary = "The report of a completed job, a page")
    public Response report(@PathParam("id") String id, @Context HttpServerResponse answer) {
        Response page =
                Response.ok(reports.file(job(id), ReportWork.PAGE).toFile()).build();
        // In place of the policy of all other answers: of two, a browser obeys both.
        answer.putHeader(PageHeaders.POLICY, PageHeaders.REPORT);
        return page;
    }

    @GET
    @Path("{id}/report.json")
    @Operation(summary = "The data of the report")
    public Response reportData(@PathParam("id") String id) {
        return Response.ok(reports.file(job(id), ReportWork.DATA).toFile()).build();
    }

    /** The job, if the caller may see it. */
    private Job job(String id) {
        return Answer.of(
                control::getJob, GetJobRequest.newBuilder().setJobId(id).build());
    }
}
