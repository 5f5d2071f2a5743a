package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.system.TestCertificates.Pem;
import io.espalier.v1.CancelJobRequest;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.ControlGrpc.ControlBlockingStub;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.PauseWorkerRequest;
import io.espalier.v1.ResumeWorkerRequest;
import io.espalier.v1.WorkerCommand;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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

/** Who is let in by gRPC, and to what. */
class ControlSecurityIT {
    private static final String VIEWERS_TOKEN = "token-of-vera";
    private static final String OPERATORS_TOKEN = "token-of-otto";
    private static final String WORKER = "evaluator";
    private static final String RUNNING = "running";
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
        } while (sender.isAlive());

        // Then
        sender.join();
        assertThat(refusals).hasSize(3).containsOnly(Status.Code.RESOURCE_EXHAUSTED);
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
                .until(() -> certificateShown().getSerialNumber().equals(renewed));
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
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket("127.0.0.1", service.process().launch().httpPort())) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
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
