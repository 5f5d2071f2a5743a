package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.system.TestCertificates.Pem;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.ControlGrpc.ControlBlockingStub;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.Job;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobCancelled;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobState;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListJobsResponse;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.StageProgress;
import io.espalier.v1.SubmitJobRequest;
import io.espalier.v1.WatchJobRequest;
import io.espalier.v1.WorkerCommand;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in by gRPC, and to what. */
class ControlSecurityIT {
    private static final String VIEWERS_TOKEN = "token-of-vera";
    private static final String OPERATORS_TOKEN = "token-of-otto";
    private static final String WORKER = "evaluator";
    private static final String RUNNING = "running";
    private static final String SUBMITTERS_TOKEN = "token-of-sara";
    /** Several times what lies in the buffers between a service and a client that does not read. */
    private static final int PROGRESS_EVENTS = 10_000;

    /** A connection has 64. */
    private static final int IDLE_STREAMS = 60;

    private static final int HUNDRED_MEGABYTES = 100 << 20;

    @TempDir
    static Path folder;

    private static Folders folders;
    private static TestBroker broker;
    private static TopicLog log;
    private static SecuredService service;

    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeAll
    static void aSecuredServiceThatKnowsAJob() throws Exception {
        folders = Folders.of(folder);
        broker = TestBroker.embedded(folder.resolve("broker"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            Stack.TOPICS.createMissing(admin, 1);
        }
        log = TopicLog.follow(broker.bootstrap(), Stack.TOPICS);
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            JobEvent accepted = JobEvent.newBuilder()
                    .setJobId(RUNNING)
                    .setAccepted(JobAccepted.getDefaultInstance())
                    .build();
            producer.send(new ProducerRecord<>("job-events", RUNNING, accepted.toByteArray()))
                    .get();
        }
        service = new SecuredService(folders, broker.bootstrap());
        service.permit("vera", "viewer", VIEWERS_TOKEN);
        service.permit("otto", "operator", OPERATORS_TOKEN);
        service.permit("sara", "submitter", SUBMITTERS_TOKEN);
        ControlSecurityIT first = new ControlSecurityIT();
        Awaitility.await("the service knows the job and its worker")
                .atMost(Stack.LIMIT)
                .ignoreExceptions()
                .until(() -> {
                    var control = first.bearing(OPERATORS_TOKEN);
                    return control.listJobs(ListJobsRequest.getDefaultInstance())
                                            .getJobsCount()
                                    == 1
                            && control.listWorkers(ListWorkersRequest.getDefaultInstance())
                                            .getWorkersCount()
                                    == 1;
                });
        first.close();
    }

    @AfterAll
    static void stop() {
        service.close();
        log.close();
        broker.close();
    }

    @AfterEach
    void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }

    @Test
    void aCallerWithoutATokenIsNotKnown() {
        assertThat(outcomeOfListing(stub(tls().build()))).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aCallerWithATokenThatNobodyHasIsNotKnown() {
        assertThat(outcomeOfListing(bearing("token-of-nobody"))).isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aViewerLooksAndDoesNotCancel() throws Exception {
        // Given
        ControlBlockingStub vera = bearing(VIEWERS_TOKEN);
        assertThat(outcomeOfListing(vera)).isEqualTo(Status.Code.OK);

        // When
        Status.Code outcome = outcome(() ->
                vera.cancelJob(CancelJobRequest.newBuilder().setJobId(RUNNING).build()));

        // Then
        assertThat(outcome).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(service.audit())
                .anyMatch(line -> line.contains("by=\"vera\"") && line.contains("PERMISSION_DENIED"));
    }

    @Test
    void anOperatorsCancelNamesHimInTheCommandAndInTheAuditLog() throws Exception {
        // When
        bearing(OPERATORS_TOKEN)
                .cancelJob(CancelJobRequest.newBuilder()
                        .setJobId(RUNNING)
                        .setReason("no longer needed")
                        .build());

        // Then
        JobCommand command =
                JobCommand.parseFrom(onlyRecord("job-commands", RUNNING).value());
        assertThat(command.getBy()).isEqualTo("otto");
        Services.awaitLogged(
                service.process(), "by=\"otto\" action=\"cancel\" on=\"%s\" outcome=OK".formatted(RUNNING));
    }

    @Test
    void aTokenOfTheProviderGivesTheRolesItNames() throws Exception {
        // Given
        ControlBlockingStub erin = bearing(service.providersToken("erin", "operator"));

        // When
        erin.resumeWorker(ResumeWorkerRequest.newBuilder().setWorkerId(WORKER).build());

        // Then
        WorkerCommand command =
                WorkerCommand.parseFrom(onlyRecord("worker-commands", WORKER).value());
        assertThat(command.getBy()).isEqualTo("erin");
        assertThat(outcomeOfPausing(bearing(service.providersToken("finn", "viewer"))))
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void aTokenThatTheProviderDidNotSignIsRefused() throws Exception {
        assertThat(outcomeOfListing(bearing(service.forgedToken("erin", "operator"))))
                .isEqualTo(Status.Code.UNAUTHENTICATED);
    }

    @Test
    void aCertificateOfAClientIsAsGoodAsAToken() throws Exception {
        // Given
        ControlBlockingStub carol = showing(service.certificates().issue("carol"));

        // When
        Status.Code listing = outcomeOfListing(carol);

        // Then
        assertThat(listing).isEqualTo(Status.Code.OK);
        assertThat(outcomeOfPausing(carol)).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void anExpiredCertificateIsRefused() throws Exception {
        assertThat(outcomeOfListing(showing(service.certificates().expired("late"))))
                .isEqualTo(Status.Code.UNAVAILABLE);
    }

    @Test
    void aCallerWithoutTlsIsNotAnswered() {
        assertThat(outcomeOfListing(stub(InsecureChannelCredentials.create()))).isEqualTo(Status.Code.UNAVAILABLE);
    }

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
        Awaitility.await("the service knows the job")
                .atMost(Stack.LIMIT)
                .until(() -> outcome(() -> sara.getJob(
                                GetJobRequest.newBuilder().setJobId("saras").build()))
                        == Status.Code.OK);

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
        ControlBlockingStub flo = bearing("token-of-flo");

        // When
        List<Status.Code> flood =
                Stream.generate(() -> outcomeOfListing(flo)).limit(500).toList();

        // Then
        assertThat(flood).contains(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
        assertThat(outcomeOfListing(bearing(VIEWERS_TOKEN))).isEqualTo(Status.Code.OK);
    }

    @Test
    void callersWhoAreNotLetInDoNotFillTheLog() throws Exception {
        // Given
        ControlGrpc.ControlStub nobody = ControlGrpc.newStub(stub(tls().build()).getChannel());
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
        Awaitility.await("the service knows the job")
                .atMost(Stack.LIMIT)
                .until(() -> outcome(() -> good.getJob(
                                GetJobRequest.newBuilder().setJobId("watched").build()))
                        == Status.Code.OK);
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
        Awaitility.await("the service knows the job")
                .atMost(Stack.LIMIT)
                .until(() -> outcome(() -> good.getJob(
                                GetJobRequest.newBuilder().setJobId("idle").build()))
                        == Status.Code.OK);
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

    @Test
    void aTokenAddedLaterIsKnown() throws Exception {
        // Given
        assertThat(outcomeOfListing(bearing("token-of-lara"))).isEqualTo(Status.Code.UNAUTHENTICATED);

        // When
        service.permit("lara", "viewer", "token-of-lara");

        // Then
        assertThat(outcomeOfListing(bearing("token-of-lara"))).isEqualTo(Status.Code.OK);
    }

    @Test
    void aRenewedCertificateIsShownWithoutARestart() throws Exception {
        // Given
        BigInteger before = certificateShown().getSerialNumber();

        // When
        BigInteger renewed = service.certificates().issue("server").parsed().getSerialNumber();

        // Then
        assertThat(renewed).isNotEqualTo(before);
        Awaitility.await("the renewed certificate")
                .atMost(Stack.LIMIT)
                // A handshake in the moment of the change may be ended.
                .ignoreExceptions()
                .until(() -> certificateShown().getSerialNumber().equals(renewed));
    }

    @Test
    void aViewerReadsTheMetrics() throws Exception {
        assertThat(answerTo("/q/metrics", VIEWERS_TOKEN)).contains("espalier_tasks_running");
    }

    /** Ways of writing the path that have led past the rules of Quarkus before: CVE-2026-39852, CVE-2026-50559 and older ones. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/q/metrics",
                "/q/metrics;x",
                "/q/metrics%3Bx",
                "/q;x/metrics",
                "//q/metrics",
                "/q//metrics",
                "/q/%6Detrics",
                "/q%2Fmetrics",
                "/q%5Cmetrics",
                "/q/health/../metrics",
                "/q/health/%2E%2E/metrics",
                "/q/health/..%2Fmetrics",
                "/q/health/..;/metrics",
                "/q/health%2F..%2Fmetrics"
            })
    void noSpellingOfThePathShowsTheMetricsToSomebodyWhoMayNotReadThem(String path) throws Exception {
        // When
        String toSara = answerTo(path, SUBMITTERS_TOKEN);
        String toNobody = answerTo(path, "token-of-nobody");

        // Then
        assertThat(toSara).startsWith("HTTP/1.1 ").doesNotContain("espalier_tasks_running");
        assertThat(toNobody).startsWith("HTTP/1.1 ").doesNotContain("espalier_tasks_running");
    }

    @Test
    void noTokenIsInTheLog() throws Exception {
        // Given
        outcomeOfListing(bearing("token-of-nobody"));
        outcomeOfListing(bearing(VIEWERS_TOKEN));

        // When
        String written = Files.readString(service.process().launch().log());

        // Then
        assertThat(written).contains("espalier.audit").doesNotContain("token-of-");
    }

    @Test
    void aServiceThatOthersCouldReachUnprotectedDoesNotStart() throws Exception {
        // Given
        Launch usual = SecuredService.launch(folders, broker.bootstrap(), "unprotected");
        List<String> command = new ArrayList<>(usual.command());
        command.add(command.indexOf("-jar"), "-Dquarkus.http.host=0.0.0.0");

        // When
        ServiceProcess process = ServiceProcess.start(
                new Launch(usual.service(), usual.name(), command, usual.environment(), usual.log(), usual.httpPort()));

        // Then
        Awaitility.await("its end").atMost(Stack.LIMIT).until(() -> !process.isAlive());
        assertThat(process.exitCode()).isNotZero();
        assertThat(Files.readString(usual.log()))
                .contains("without TLS", "without authentication", "espalier.security.insecure=true")
                .doesNotContain("Listening on");
    }

    private static String submit(ControlBlockingStub control, String id) {
        return control.submitJob(SubmitJobRequest.newBuilder()
                        .setRequest(PruneRequest.newBuilder().setRequestId(id).setModel("llama"))
                        .build())
                .getJobId();
    }

    /** Writes what the scorer would, had it accepted a request. */
    private static void accepted(String job, String by) throws Exception {
        write(List.of(JobEvent.newBuilder()
                .setJobId(job)
                .setAccepted(JobAccepted.newBuilder().setBy(by))
                .build()));
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

    private static void write(List<JobEvent> events) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            for (JobEvent event : events) {
                var unused = producer.send(new ProducerRecord<>("job-events", event.getJobId(), event.toByteArray()));
            }
            producer.flush();
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

    private static ConsumerRecord<String, byte[]> onlyRecord(String topic, String key) {
        return Awaitility.await("a record of " + topic)
                .atMost(Stack.LIMIT)
                .until(() -> log.records(topic, key), records -> records.size() == 1)
                .get(0);
    }

    private static TlsChannelCredentials.Builder tls() {
        try {
            return TlsChannelCredentials.newBuilder()
                    .trustManager(service.certificates().authority().toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ControlBlockingStub bearing(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return stub(tls().build()).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private ControlGrpc.ControlStub async(String token) {
        return ControlGrpc.newStub(bearing(token).getChannel());
    }

    private ControlBlockingStub showing(Pem client) throws Exception {
        return stub(tls().keyManager(client.certificate().toFile(), client.key().toFile())
                .build());
    }

    private ControlBlockingStub stub(ChannelCredentials credentials) {
        ManagedChannel channel = Grpc.newChannelBuilder(
                        service.process().launch().http().getAuthority(), credentials)
                .build();
        channels.add(channel);
        return ControlGrpc.newBlockingStub(channel).withDeadlineAfter(Stack.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    private static Status.Code outcomeOfListing(ControlBlockingStub control) {
        return outcome(() -> control.listJobs(ListJobsRequest.getDefaultInstance()));
    }

    private static Status.Code outcomeOfPausing(ControlBlockingStub control) {
        return outcome(() -> control.pauseWorker(
                PauseWorkerRequest.newBuilder().setWorkerId(WORKER).build()));
    }

    private static Status.Code outcome(Runnable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
        return failure == null ? Status.Code.OK : failure.getStatus().getCode();
    }

    /** Trusts every server: the test asks which certificate it shows. */
    private static X509Certificate certificateShown() throws Exception {
        try (SSLSocket socket = connection()) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    /** The whole answer to a GET of a path that is sent as it is written, which no HTTP client would do. */
    private static String answerTo(String path, String token) throws Exception {
        try (SSLSocket socket = connection()) {
            String request =
                    "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                            .formatted(path, token);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static SSLSocket connection() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return (SSLSocket) context.getSocketFactory()
                .createSocket("127.0.0.1", service.process().launch().httpPort());
    }

    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
