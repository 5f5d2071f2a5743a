package io.espalier.pipeline.service;

import io.espalier.pipeline.control.Caller;
import io.espalier.pipeline.control.ControlService;
import io.espalier.pipeline.runtime.StageRuntime;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.CancelJobResponse;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.DrainWorkerRequest;
import io.espalier.v1.DrainWorkerResponse;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.GetWorkerRequest;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListJobsResponse;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.ListWorkersResponse;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.PauseWorkerResponse;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.ResumeWorkerResponse;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.SubmitJobResponse;
import io.espalier.v1.WatchJobRequest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import java.util.Optional;

/**
 * Control for callers that have the role it takes; UNAVAILABLE until Kafka was reached. Where the service authenticates nobody,
 * {@link Authorization} lets everybody in.
 */
@GrpcService
public class ControlEndpoint extends ControlGrpc.ControlImplBase {
    private final StageHost host;
    private final SecurityIdentity identity;
    private final Protection protection;
    private final CallLimits limits;
    private final EspalierConfig config;

    public ControlEndpoint(
            StageHost host,
            SecurityIdentity identity,
            Protection protection,
            CallLimits limits,
            EspalierConfig config) {
        this.host = host;
        this.identity = identity;
        this.protection = protection;
        this.limits = limits;
        this.config = config;
    }

    @Override
    @Blocking
    @RolesAllowed(Roles.SUBMITTER)
    public void submitJob(SubmitJobRequest request, StreamObserver<SubmitJobResponse> response) {
        control(response).ifPresent(control -> control.submitJob(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.VIEWER, Roles.SUBMITTER, Roles.OPERATOR})
    public void getJob(GetJobRequest request, StreamObserver<Job> response) {
        control(response).ifPresent(control -> control.getJob(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.VIEWER, Roles.SUBMITTER, Roles.OPERATOR})
    public void listJobs(ListJobsRequest request, StreamObserver<ListJobsResponse> response) {
        control(response).ifPresent(control -> control.listJobs(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.VIEWER, Roles.SUBMITTER, Roles.OPERATOR})
    public void watchJob(WatchJobRequest request, StreamObserver<JobEvent> response) {
        control(response).ifPresent(control -> control.watchJob(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.SUBMITTER, Roles.OPERATOR})
    public void cancelJob(CancelJobRequest request, StreamObserver<CancelJobResponse> response) {
        control(response).ifPresent(control -> control.cancelJob(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.VIEWER, Roles.OPERATOR})
    public void listWorkers(ListWorkersRequest request, StreamObserver<ListWorkersResponse> response) {
        control(response).ifPresent(control -> control.listWorkers(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed({Roles.VIEWER, Roles.OPERATOR})
    public void getWorker(GetWorkerRequest request, StreamObserver<KnownWorker> response) {
        control(response).ifPresent(control -> control.getWorker(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed(Roles.OPERATOR)
    public void pauseWorker(PauseWorkerRequest request, StreamObserver<PauseWorkerResponse> response) {
        control(response).ifPresent(control -> control.pauseWorker(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed(Roles.OPERATOR)
    public void resumeWorker(ResumeWorkerRequest request, StreamObserver<ResumeWorkerResponse> response) {
        control(response).ifPresent(control -> control.resumeWorker(request, response));
    }

    @Override
    @Blocking
    @RolesAllowed(Roles.OPERATOR)
    public void drainWorker(DrainWorkerRequest request, StreamObserver<DrainWorkerResponse> response) {
        control(response).ifPresent(control -> control.drainWorker(request, response));
    }

    private Optional<ControlService> control(StreamObserver<?> response) {
        Caller caller = caller();
        // Where nobody says who calls, one count for all would let one caller take the service from the others.
        if (protection.authentication() && !limits.admits(caller.name())) {
            response.onError(Status.RESOURCE_EXHAUSTED
                    .withDescription("one caller has %d calls a second (espalier.calls.per-second); wait a moment"
                            .formatted(config.callsPerSecond()))
                    .asRuntimeException());
            return Optional.empty();
        }
        Optional<StageRuntime> runtime = host.runtime();
        if (runtime.isEmpty()) {
            response.onError(Status.UNAVAILABLE
                    .withDescription(String.join("; ", host.missing()))
                    .asRuntimeException());
        }
        return runtime.map(running -> new ControlService(
                running.jobs(), running.client(), running.workers(), caller, config.quotaJobsPerCaller()));
    }

    private Caller caller() {
        if (!protection.authentication()) {
            return Caller.ANYBODY;
        }
        boolean operates = identity.hasRole(Roles.OPERATOR);
        return new Caller(Callers.name(identity), operates || identity.hasRole(Roles.VIEWER), operates);
    }
}
