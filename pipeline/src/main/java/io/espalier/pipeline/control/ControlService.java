package io.espalier.pipeline.control;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.pipeline.worker.WorkerLog;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.CancelJobResponse;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.DrainCommand;
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
import io.espalier.v1.PauseCommand;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.PauseWorkerResponse;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ResumeCommand;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.ResumeWorkerResponse;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.SubmitJobResponse;
import io.espalier.v1.WatchJobRequest;
import io.espalier.v1.WorkerCommand;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** gRPC Control out of the shared logs, for one caller. Every command goes into the audit log. */
public class ControlService extends ControlGrpc.ControlImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(ControlService.class);
    private static final int DEFAULT_PAGE = 50;
    private static final int MAX_PAGE = 1000;

    private final JobLog jobs;
    private final JobClient client;
    private final WorkerLog workers;
    private final Caller caller;
    private final int jobsPerCaller;

    /** @param jobsPerCaller jobs that one caller may have sent that have not ended */
    public ControlService(JobLog jobs, JobClient client, WorkerLog workers, Caller caller, int jobsPerCaller) {
        this.jobs = jobs;
        this.client = client;
        this.workers = workers;
        this.caller = caller;
        this.jobsPerCaller = jobsPerCaller;
    }

    @Override
    public void submitJob(SubmitJobRequest call, StreamObserver<SubmitJobResponse> response) {
        PruneRequest named = call.getRequest().getRequestId().isEmpty()
                ? call.getRequest().toBuilder()
                        .setRequestId("job-" + UUID.randomUUID())
                        .build()
                : call.getRequest();
        audited("submit", named.getRequestId(), response, () -> {
            PruneRequest request = RequestReader.read(named).getRequest();
            requireQuota();
            client.submit(request, caller.name());
            return SubmitJobResponse.newBuilder()
                    .setJobId(request.getRequestId())
                    .build();
        });
    }

    /** By what the log has told so far: a caller who is fast may have a few more. */
    private void requireQuota() {
        long underWay = caller.name().isEmpty() ? 0 : jobs.underWay(caller.name());
        if (underWay >= jobsPerCaller) {
            throw new EspalierException(
                    ErrorCode.QUOTA_EXCEEDED,
                    "%d of your jobs have not ended, and one caller may have %d (espalier.quota.jobs-per-caller);"
                                    .formatted(underWay, jobsPerCaller)
                            + " wait for one, or cancel one");
        }
    }

    @Override
    public void getJob(GetJobRequest request, StreamObserver<Job> response) {
        answer(response, () -> find(request.getJobId()));
    }

    @Override
    public void listJobs(ListJobsRequest request, StreamObserver<ListJobsResponse> response) {
        answer(response, () -> page(request));
    }

    private ListJobsResponse page(ListJobsRequest request) {
        int size = request.getPageSize() <= 0 ? DEFAULT_PAGE : Math.min(request.getPageSize(), MAX_PAGE);
        List<Job> all = jobs.jobs().stream().filter(caller::sees).toList();
        int from = 0;
        if (!request.getPageToken().isEmpty()) {
            from = 1 + all.stream().map(Job::getJobId).toList().indexOf(request.getPageToken());
            if (from == 0) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT, "page_token is not one of this service; start without it");
            }
        }
        int to = Math.min(all.size(), from + size);
        ListJobsResponse.Builder page = ListJobsResponse.newBuilder().addAllJobs(all.subList(from, to));
        if (to < all.size()) {
            page.setNextPageToken(all.get(to - 1).getJobId());
        }
        return page.build();
    }

    @Override
    public void watchJob(WatchJobRequest request, StreamObserver<JobEvent> response) {
        try {
            find(request.getJobId());
        } catch (EspalierException e) {
            response.onError(GrpcStatus.failure(e));
            return;
        }
        AtomicReference<@Nullable AutoCloseable> watch = new AtomicReference<>();
        AtomicBoolean ended = new AtomicBoolean();
        if (response instanceof ServerCallStreamObserver<JobEvent> call) {
            call.setOnCancelHandler(() -> close(watch.get()));
        }
        watch.set(jobs.watch(request.getJobId(), event -> {
            if (event.hasProgress() && !isRead(response)) {
                return;
            }
            response.onNext(event);
            if (JobView.isTerminal(event)) {
                response.onCompleted();
                ended.set(true);
                close(watch.get());
            }
        }));
        // Of a job that had ended before, the end was told before there was a watch to close.
        if (ended.get()) {
            close(watch.get());
        }
    }

    /** A client that does not read what it was sent gets no progress meanwhile: all of that would lie in memory here. */
    private static boolean isRead(StreamObserver<?> response) {
        return !(response instanceof ServerCallStreamObserver<?> call) || call.isReady();
    }

    @Override
    public void cancelJob(CancelJobRequest request, StreamObserver<CancelJobResponse> response) {
        audited("cancel", request.getJobId(), response, () -> {
            Job job = find(request.getJobId());
            if (!caller.cancels(job)) {
                throw Status.PERMISSION_DENIED
                        .withDescription("another caller sent job " + request.getJobId())
                        .asRuntimeException();
            }
            if (JobView.isTerminal(job.getState())) {
                throw Status.FAILED_PRECONDITION
                        .withDescription("job " + request.getJobId() + " has ended as " + job.getState())
                        .asRuntimeException();
            }
            client.cancel(request.getJobId(), request.getReason(), caller.name());
            return CancelJobResponse.getDefaultInstance();
        });
    }

    @Override
    public void listWorkers(ListWorkersRequest request, StreamObserver<ListWorkersResponse> response) {
        answer(response, () -> ListWorkersResponse.newBuilder()
                .addAllWorkers(workers.workers())
                .build());
    }

    @Override
    public void getWorker(GetWorkerRequest request, StreamObserver<KnownWorker> response) {
        answer(response, () -> workers.worker(request.getWorkerId()));
    }

    @Override
    public void pauseWorker(PauseWorkerRequest request, StreamObserver<PauseWorkerResponse> response) {
        audited("pause", request.getWorkerId(), response, () -> {
            command(request.getWorkerId(), WorkerCommand.newBuilder().setPause(PauseCommand.getDefaultInstance()));
            return PauseWorkerResponse.getDefaultInstance();
        });
    }

    @Override
    public void resumeWorker(ResumeWorkerRequest request, StreamObserver<ResumeWorkerResponse> response) {
        audited("resume", request.getWorkerId(), response, () -> {
            command(request.getWorkerId(), WorkerCommand.newBuilder().setResume(ResumeCommand.getDefaultInstance()));
            return ResumeWorkerResponse.getDefaultInstance();
        });
    }

    @Override
    public void drainWorker(DrainWorkerRequest request, StreamObserver<DrainWorkerResponse> response) {
        audited("drain", request.getWorkerId(), response, () -> {
            command(request.getWorkerId(), WorkerCommand.newBuilder().setDrain(DrainCommand.getDefaultInstance()));
            return DrainWorkerResponse.getDefaultInstance();
        });
    }

    /** Published to the topic of worker commands, also for the worker of this process: every worker is told the same way. */
    private void command(String workerId, WorkerCommand.Builder command) {
        workers.listening(workerId);
        client.command(command.setWorkerId(workerId).setBy(caller.name()).build());
    }

    private Job find(String jobId) {
        return jobs.job(jobId)
                .filter(caller::sees)
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.NOT_FOUND,
                        "job_id names no known job; list the jobs, or wait a moment after publishing"));
    }

    private interface Answer<T> {
        T get();
    }

    private <T> void audited(String action, String target, StreamObserver<T> response, Answer<T> answer) {
        AuditLog.record(caller.name(), action, target, answer(response, answer));
    }

    /** @return the status of the call */
    private static <T> Status.Code answer(StreamObserver<T> response, Answer<T> answer) {
        try {
            response.onNext(answer.get());
            response.onCompleted();
            return Status.Code.OK;
        } catch (EspalierException e) {
            return failed(response, GrpcStatus.failure(e));
        } catch (StatusRuntimeException e) {
            return failed(response, e);
        } catch (RuntimeException e) {
            LOG.error("control call failed", e);
            return failed(
                    response,
                    Status.INTERNAL.withDescription("see the service's log").asRuntimeException());
        }
    }

    private static Status.Code failed(StreamObserver<?> response, StatusRuntimeException failure) {
        response.onError(failure);
        return failure.getStatus().getCode();
    }

    private static void close(@Nullable AutoCloseable watch) {
        try {
            if (watch != null) {
                watch.close();
            }
        } catch (Exception e) {
            LOG.warn("a watch could not be closed", e);
        }
    }
}
