package io.espalier.system;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.espalier.system.TestCertificates.Pem;
import io.espalier.v1.ControlGrpc;
import io.espalier.v1.ControlGrpc.ControlBlockingStub;
import io.espalier.v1.GetJobRequest;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ListJobsRequest;
import io.espalier.v1.ListWorkersRequest;
import io.espalier.v1.PauseWorkerRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
import org.junit.jupiter.api.io.TempDir;

/** A service with everything that protects it, a job and a worker that it knows, and callers of each kind. */
abstract class SecuredControl {
    static final String VIEWERS_TOKEN = "token-of-vera";
    static final String OPERATORS_TOKEN = "token-of-otto";
    static final String WORKER = "evaluator";
    static final String RUNNING = "running";
    static final String SUBMITTERS_TOKEN = "token-of-sara";

    @TempDir
    static Path folder;

    static Folders folders;
    static TestBroker broker;
    static TopicLog log;
    static SecuredService service;

    private final List<ManagedChannel> channels = new ArrayList<>();

    @BeforeAll
    static void aSecuredServiceThatKnowsAJob() throws Exception {
        folders = Folders.of(folder);
        broker = TestBroker.embedded(folder.resolve("broker"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            Stack.TOPICS.createMissing(admin, 1);
        }
        log = TopicLog.follow(broker.bootstrap(), Stack.TOPICS);
        accepted(RUNNING, "");
        service = new SecuredService(folders, broker.bootstrap());
        service.permit("vera", "viewer", VIEWERS_TOKEN);
        service.permit("otto", "operator", OPERATORS_TOKEN);
        service.permit("sara", "submitter", SUBMITTERS_TOKEN);
        SecuredControl first = new SecuredControl() {};
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

    /** Writes what the scorer would, had it accepted a request. */
    static void accepted(String job, String by) throws Exception {
        write(List.of(JobEvent.newBuilder()
                .setJobId(job)
                .setAccepted(JobAccepted.newBuilder().setBy(by))
                .build()));
    }

    /** Waits until the service tells a caller of a job. */
    static void awaitKnown(String job, ControlBlockingStub caller) {
        Awaitility.await("the service knows the job")
                .atMost(Stack.LIMIT)
                .until(() -> outcome(() -> caller.getJob(
                                GetJobRequest.newBuilder().setJobId(job).build()))
                        == Status.Code.OK);
    }

    static void write(List<JobEvent> events) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            for (JobEvent event : events) {
                var unused = producer.send(new ProducerRecord<>("job-events", event.getJobId(), event.toByteArray()));
            }
            producer.flush();
        }
    }

    static ConsumerRecord<String, byte[]> onlyRecord(String topic, String key) {
        return Awaitility.await("a record of " + topic)
                .atMost(Stack.LIMIT)
                .until(() -> log.records(topic, key), records -> records.size() == 1)
                .get(0);
    }

    static TlsChannelCredentials.Builder tls() {
        try {
            return TlsChannelCredentials.newBuilder()
                    .trustManager(service.certificates().authority().toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ControlBlockingStub bearing(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return stub(tls().build()).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    ControlGrpc.ControlStub async(String token) {
        return ControlGrpc.newStub(bearing(token).getChannel());
    }

    ControlBlockingStub showing(Pem client) throws Exception {
        return stub(tls().keyManager(client.certificate().toFile(), client.key().toFile())
                .build());
    }

    ControlBlockingStub stub(ChannelCredentials credentials) {
        ManagedChannel channel = Grpc.newChannelBuilder(
                        service.process().launch().http().getAuthority(), credentials)
                .build();
        channels.add(channel);
        return ControlGrpc.newBlockingStub(channel).withDeadlineAfter(Stack.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    static Status.Code outcomeOfListing(ControlBlockingStub control) {
        return outcome(() -> control.listJobs(ListJobsRequest.getDefaultInstance()));
    }

    static Status.Code outcomeOfPausing(ControlBlockingStub control) {
        return outcome(() -> control.pauseWorker(
                PauseWorkerRequest.newBuilder().setWorkerId(WORKER).build()));
    }

    static Status.Code outcome(Runnable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
        return failure == null ? Status.Code.OK : failure.getStatus().getCode();
    }
}
