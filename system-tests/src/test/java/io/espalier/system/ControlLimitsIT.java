package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.ControlGrpc.ControlBlockingStub;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.Job;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobState;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListJobsResponse;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.StageProgress;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.WatchJobRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What those who are let in may send and own, and how much of the service one of them may take. */
class ControlLimitsIT extends SecuredControl {
    /** Several times what lies in the buffers between a service and a client that does not read. */
    private static final int PROGRESS_EVENTS = 10_000;

    /** A connection has 64. */
    private static final int IDLE_STREAMS = 60;

    private static final int HUNDRED_MEGABYTES = 100 << 20;

    @Test
    void aMessageOfAHundredMegabytesIsRefusedAndOthersAreServedMeanwhile() throws Exception {
        // Given
        CancelJobRequest large = CancelJobRequest.newBuilder()
                .setJobId(RUNNING)
                .setReason("x".repeat(HUNDRED_MEGABYTES))
                .build();
        ControlBlockingStub good = bearing(VIEWERS_TOKEN);
        ControlBlockingStub bad = bearing(OPERATORS_TOKEN);
        List<Status.Code> refusals = new ArrayList<>();
        Thread sender = new Thread(() -> {
            for (int i = 0; i < 3; i++) {
                refusals.add(outcome(() -> bad.cancelJob(large)));
            }
        });

        // When
        sender.start();
        List<Status.Code> served = new ArrayList<>();
        do {
            served.add(outcomeOfListing(good));
            // One caller has 50 calls a second.
            TimeUnit.MILLISECONDS.sleep(25);
        } while (sender.isAlive());

        // Then
        sender.join();
        assertThat(refusals).hasSize(3).containsOnly(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(served).containsOnly(Status.Code.OK);
    }

    @Test
    void aSubmittersRequestCarriesItsNameToTheTopic() throws Exception {
        // When
        String job = submit(bearing(SUBMITTERS_TOKEN), "of-sara");

        // Then
        ConsumerRecord<String, byte[]> record = onlyRecord("prune-requests", job);
        assertThat(CloudEventHeaders.principal(record.headers())).isEqualTo("sara");
        assertThat(PruneRequest.parseFrom(record.value()).getModel()).isEqualTo("llama");
        Services.awaitLogged(service.process(), "by=\"sara\" action=\"submit\" on=\"%s\" outcome=OK".formatted(job));
    }

    @Test
    void aRequestThatIsNoneIsRefusedBeforeItIsWritten() throws Exception {
        // Given
        ControlBlockingStub sara = bearing(SUBMITTERS_TOKEN);

        // When
        Status.Code outcome = outcome(() -> sara.submitJob(SubmitJobRequest.newBuilder()
                .setRequest(PruneRequest.newBuilder().setRequestId("without-model"))
                .build()));

        // Then
        assertThat(outcome).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(log.records("prune-requests", "without-model")).isEmpty();
    }

    @Test
    void aSubmitterSeesAndCancelsItsOwnJobsAlone() throws Exception {
        // Given
        accepted("saras", "sara");
        ControlBlockingStub sara = bearing(SUBMITTERS_TOKEN);
        awaitKnown("saras", sara);

        // When
        List<Job> seen = sara.listJobs(ListJobsRequest.getDefaultInstance()).getJobsList();

        // Then
        assertThat(seen).extracting(Job::getBy).containsOnly("sara");
        assertThat(seen).extracting(Job::getJobId).contains("saras").doesNotContain(RUNNING);
        assertThat(outcome(() ->
                        sara.getJob(GetJobRequest.newBuilder().setJobId(RUNNING).build())))
                .isEqualTo(Status.Code.NOT_FOUND);
        assertThat(outcome(() -> sara.cancelJob(
                        CancelJobRequest.newBuilder().setJobId(RUNNING).build())))
                .isEqualTo(Status.Code.NOT_FOUND);
        assertThat(outcome(() -> sara.cancelJob(
                        CancelJobRequest.newBuilder().setJobId("saras").build())))
                .isEqualTo(Status.Code.OK);
        assertThat(outcomeOfPausing(sara)).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void whoSeesAllAndMaySubmitStillDoesNotCancelTheJobsOfOthers() throws Exception {
        // Given
        service.permit("paul", "viewer,submitter", "token-of-paul");
        ControlBlockingStub paul = bearing("token-of-paul");

        // When
        Status.Code outcome = outcome(() ->
                paul.cancelJob(CancelJobRequest.newBuilder().setJobId(RUNNING).build()));

        // Then
        assertThat(outcome).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void aCallerWithAsManyJobsUnderWayAsOneMayHaveSubmitsNoMore() throws Exception {
        // Given
        service.permit("mona", "submitter", "token-of-mona");
        ControlBlockingStub mona = bearing("token-of-mona");
        for (int i = 0; i < SecuredService.JOBS_PER_CALLER; i++) {
            accepted("monas-" + i, "mona");
        }
        Awaitility.await("the service knows the jobs")
                .atMost(Stack.LIMIT)
                .until(() -> mona.listJobs(ListJobsRequest.getDefaultInstance()).getJobsCount()
                        == SecuredService.JOBS_PER_CALLER);

        // When
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> submit(mona, "one-more"));

        // Then
        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refusal).hasMessageContaining("QUOTA_EXCEEDED").hasMessageContaining("wait for one");
        assertThat(log.records("prune-requests", "one-more")).isEmpty();
    }

    @Test
    void aFloodOfCallsIsRefusedAndAnotherCallerIsServed() throws Exception {
        // Given
        service.permit("flo", "viewer", "token-of-flo");
        ControlGrpc.ControlFutureStub flo =
                ControlGrpc.newFutureStub(bearing("token-of-flo").getChannel());

        // When
        // One after the other, a busy machine answers fewer calls in a second than a caller has.
        List<Future<ListJobsResponse>> calls = Stream.<Future<ListJobsResponse>>generate(
                        () -> flo.listJobs(ListJobsRequest.getDefaultInstance()))
                .limit(500)
                .toList();
        List<Status.Code> flood = new ArrayList<>();
        for (Future<ListJobsResponse> call : calls) {
            flood.add(outcome(call));
        }

        // Then
        assertThat(flood).contains(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
        assertThat(outcomeOfListing(bearing(VIEWERS_TOKEN))).isEqualTo(Status.Code.OK);
    }

    @Test
    void callersWhoAreNotLetInDoNotFillTheLog() throws Exception {
        // Given
        ControlGrpc.ControlStub nobody = async("token-of-nobody");
        long began = service.audit().size();
        AtomicInteger sent = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();

        // When
        Awaitility.await("a line for those without one").atMost(Stack.LIMIT).until(() -> {
            for (int i = 0; i < 50; i++) {
                sent.incrementAndGet();
                nobody.listJobs(ListJobsRequest.getDefaultInstance(), new Refused(refused));
            }
            return service.audit().stream().anyMatch(line -> line.contains("more calls were refused"));
        });

        // Then
        Awaitility.await("every refusal").atMost(Stack.LIMIT).until(() -> refused.get() == sent.get());
        assertThat(service.audit().size() - began).isLessThan(sent.get());
    }

    @Test
    void aWatcherThatDoesNotReadGetsNoProgressMeanwhileAndOthersAreServed() throws Exception {
        // Given
        accepted("watched", "");
        Watcher watcher = new Watcher();
        ControlBlockingStub good = bearing(VIEWERS_TOKEN);
        awaitKnown("watched", good);
        async(VIEWERS_TOKEN)
                .watchJob(WatchJobRequest.newBuilder().setJobId("watched").build(), watcher);

        // When
        progress("watched", PROGRESS_EVENTS);
        end("watched");
        Status.Code meanwhile = outcomeOfListing(good);
        Awaitility.await("the service knows the end")
                .atMost(Stack.LIMIT)
                .until(() -> good.getJob(GetJobRequest.newBuilder()
                                        .setJobId("watched")
                                        .build())
                                .getState()
                        == JobState.CANCELLED);
        watcher.readAll();

        // Then
        assertThat(meanwhile).isEqualTo(Status.Code.OK);
        Awaitility.await("the end of the watch").atMost(Stack.LIMIT).until(watcher::isComplete);
        assertThat(watcher.events().get(watcher.events().size() - 1).hasCancelled())
                .isTrue();
        assertThat(watcher.events()).hasSizeLessThan(PROGRESS_EVENTS);
    }

    @Test
    void streamsThatStandIdleTakeNoServiceFromOthers() throws Exception {
        // Given
        accepted("idle", "");
        ControlBlockingStub good = bearing(VIEWERS_TOKEN);
        awaitKnown("idle", good);
        var idle = async(VIEWERS_TOKEN);
        for (int i = 0; i < IDLE_STREAMS; i++) {
            idle.watchJob(WatchJobRequest.newBuilder().setJobId("idle").build(), new Watcher());
            // One caller has 50 calls a second.
            TimeUnit.MILLISECONDS.sleep(25);
        }

        // When
        List<Status.Code> served = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            served.add(outcomeOfListing(bearing(OPERATORS_TOKEN)));
            TimeUnit.MILLISECONDS.sleep(25);
        }

        // Then
        assertThat(served).containsOnly(Status.Code.OK);
    }

    private static String submit(ControlBlockingStub control, String id) {
        return control.submitJob(SubmitJobRequest.newBuilder()
                        .setRequest(PruneRequest.newBuilder().setRequestId(id).setModel("llama"))
                        .build())
                .getJobId();
    }

    private static void progress(String job, int events) throws Exception {
        JobEvent event = JobEvent.newBuilder()
                .setJobId(job)
                .setStage("scorer")
                .setProgress(StageProgress.newBuilder().setActivity("a".repeat(2_000)))
                .build();
        write(Collections.nCopies(events, event));
    }

    private static void end(String job) throws Exception {
        write(List.of(JobEvent.newBuilder()
                .setJobId(job)
                .setStage("scorer")
                .setCancelled(JobCancelled.getDefaultInstance())
                .build()));
    }

    private static Status.Code outcome(Future<ListJobsResponse> call) throws InterruptedException {
        try {
            call.get();
            return Status.Code.OK;
        } catch (ExecutionException e) {
            return Status.fromThrowable(e).getCode();
        }
    }

    /** Counts refusals. */
    private record Refused(AtomicInteger count) implements StreamObserver<ListJobsResponse> {
        @Override
        public void onNext(ListJobsResponse answer) {}

        @Override
        public void onError(Throwable refusal) {
            count.incrementAndGet();
        }

        @Override
        public void onCompleted() {}
    }

    /** Hears one event, then nothing until it is told to read. */
    private static final class Watcher implements ClientResponseObserver<WatchJobRequest, JobEvent> {
        private final List<JobEvent> events = new CopyOnWriteArrayList<>();
        private final CountDownLatch complete = new CountDownLatch(1);

        @SuppressWarnings("NullAway.Init") // gRPC calls beforeStart before anything else
        private ClientCallStreamObserver<WatchJobRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchJobRequest> stream) {
            stream.disableAutoRequestWithInitial(1);
            call = stream;
        }

        void readAll() {
            call.request(Integer.MAX_VALUE);
        }

        List<JobEvent> events() {
            return events;
        }

        boolean isComplete() {
            return complete.getCount() == 0;
        }

        @Override
        public void onNext(JobEvent event) {
            events.add(event);
        }

        @Override
        public void onError(Throwable failure) {
            complete.countDown();
        }

        @Override
        public void onCompleted() {
            complete.countDown();
        }
    }
}
