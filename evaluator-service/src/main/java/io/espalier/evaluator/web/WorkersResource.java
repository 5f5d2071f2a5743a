package io.espalier.evaluator.web;

import io.espalier.pipeline.service.ControlEndpoint;
import io.espalier.v1.DrainWorkerRequest;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.ResumeWorkerRequest;
import io.quarkus.grpc.GrpcService;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Workers over HTTP, each call the one of gRPC. */
@Path("/api/workers")
@Tag(name = "workers")
@Produces(MediaType.APPLICATION_JSON)
public class WorkersResource {
    private final ControlEndpoint control;

    WorkersResource(@GrpcService ControlEndpoint control) {
        this.control = control;
    }

    @GET
    @Operation(summary = "The workers of all services, as ListWorkersResponse")
    public String list() {
        return Answer.json(control::listWorkers, ListWorkersRequest.getDefaultInstance());
    }

    @POST
    @Path("{id}/pause")
    @Operation(summary = "Lets a worker finish the task it has and take no other")
    public String pause(@PathParam("id") String id) {
        return Answer.json(
                control::pauseWorker,
                PauseWorkerRequest.newBuilder().setWorkerId(id).build());
    }

    @POST
    @Path("{id}/resume")
    @Operation(summary = "Lets a worker take tasks again")
    public String resume(@PathParam("id") String id) {
        return Answer.json(
                control::resumeWorker,
                ResumeWorkerRequest.newBuilder().setWorkerId(id).build());
    }

    @POST
    @Path("{id}/drain")
    @Operation(summary = "Lets a worker give back the task it has and take no other")
    public String drain(@PathParam("id") String id) {
        return Answer.json(
                control::drainWorker,
                DrainWorkerRequest.newBuilder().setWorkerId(id).build());
    }
}
