package io.espalier.system;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.DrainWorkerRequest;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.GetWorkerRequest;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.WatchJobRequest;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** Control and health of one service over gRPC. */
final class ControlClient implements AutoCloseable {
    private final ManagedChannel channel;

    private ControlClient(ManagedChannel channel) {
        this.channel = channel;
    }

    static ControlClient of(ServiceProcess service) {
        return new ControlClient(
                ManagedChannelBuilder.forTarget(service.launch().http().getAuthority())
                        .usePlaintext()
                        .build());
    }

    /** @return the id of the job */
    String submit(PruneRequest request) {
        return control()
                .submitJob(SubmitJobRequest.newBuilder().setRequest(request).build())
                .getJobId();
    }

    Job job(String jobId) {
        return control().getJob(GetJobRequest.newBuilder().setJobId(jobId).build());
    }

    /** Every job, page by page. */
    List<Job> jobs(int pageSize) {
        List<Job> all = new ArrayList<>();
        String token = "";
        do {
            var page = control()
                    .listJobs(ListJobsRequest.newBuilder()
                            .setPageSize(pageSize)
                            .setPageToken(token)
                            .build());
            all.addAll(page.getJobsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    /** All events of a job; returns after its terminal event. */
    List<JobEvent> watch(String jobId) {
        List<JobEvent> events = new ArrayList<>();
        control().watchJob(WatchJobRequest.newBuilder().setJobId(jobId).build()).forEachRemaining(events::add);
        return events;
    }

    void cancel(String jobId, String reason) {
        control()
                .cancelJob(CancelJobRequest.newBuilder()
                        .setJobId(jobId)
                        .setReason(reason)
                        .build());
    }

    /** The workers of all services. */
    List<KnownWorker> workers() {
        return control().listWorkers(ListWorkersRequest.getDefaultInstance()).getWorkersList();
    }

    KnownWorker worker(String workerId) {
        return control()
                .getWorker(GetWorkerRequest.newBuilder().setWorkerId(workerId).build());
    }

    private void awaitListed(String workerId) {
        Awaitility.await(workerId + " is listed")
                .atMost(Stack.LIMIT)
                .pollDelay(Duration.ZERO)
                .until(() -> workers().stream()
                        .anyMatch(worker -> worker.getLastBeat().getWorkerId().equals(workerId)));
    }

    /** Waits until the worker says of itself what is waited for. */
    void awaitWorker(String workerId, Predicate<WorkerBeat> moment) {
        Awaitility.await(workerId)
                .atMost(Stack.LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> moment.test(worker(workerId).getLastBeat()));
    }

    /** Returns when the worker has obeyed. */
    void pause(String workerId) {
        awaitListed(workerId);
        var ignored = control()
                .pauseWorker(
                        PauseWorkerRequest.newBuilder().setWorkerId(workerId).build());
        awaitWorker(workerId, beat -> beat.getState() == WorkerState.PAUSED);
    }

    /** Returns when the worker has obeyed. */
    void resume(String workerId) {
        awaitListed(workerId);
        var ignored = control()
                .resumeWorker(
                        ResumeWorkerRequest.newBuilder().setWorkerId(workerId).build());
        awaitWorker(workerId, beat -> beat.getState() == WorkerState.READY);
    }

    /** Returns when the worker has obeyed. */
    void drain(String workerId) {
        var ignored = control()
                .drainWorker(
                        DrainWorkerRequest.newBuilder().setWorkerId(workerId).build());
        awaitWorker(workerId, beat -> beat.getState() == WorkerState.DRAINED);
    }

    ServingStatus health() {
        return HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(Stack.LIMIT.toSeconds(), TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus();
    }

    private ControlGrpc.ControlBlockingStub control() {
        return ControlGrpc.newBlockingStub(channel).withDeadlineAfter(Stack.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
