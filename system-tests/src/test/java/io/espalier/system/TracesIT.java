package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import io.espalier.v1.PruneRequest;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a collector of OpenTelemetry receives from a service, over OTLP as it is configured for it. */
class TracesIT {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String USERS_SPAN = "b7ad6b7169203331";

    @TempDir
    Path folder;

    private final Collector collector = new Collector();

    @Test
    void theSpansOfAJobAreOneTraceBelowTheUsers() throws Exception {
        // Given
        Server receiver = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(collector)
                .build()
                .start();
        try (TestBroker broker = TestBroker.embedded(folder.resolve("broker"))) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
                Stack.TOPICS.createMissing(admin, 1);
            }
            ServiceProcess scorer = scorer(broker.bootstrap(), receiver.getPort());
            try {
                // When
                request(broker.bootstrap(), Requests.small("traced"));

                // Then
                Awaitility.await("the span of the last decision")
                        .atMost(Stack.LIMIT)
                        .until(() -> collector.spans.stream()
                                        .filter(span -> span.getName().equals("scorer score-layer"))
                                        .count()
                                == 6);
                Map<ByteString, Span> spans =
                        collector.spans.stream().collect(Collectors.toMap(Span::getSpanId, span -> span));
                assertThat(spans.values())
                        .allSatisfy(span -> assertThat(HexFormat.of()
                                        .formatHex(span.getTraceId().toByteArray()))
                                .isEqualTo(TRACE))
                        .allSatisfy(span ->
                                assertThat(attribute(span, "espalier.job")).isEqualTo("traced"));
                assertThat(spans.values())
                        .extracting(Span::getName)
                        .contains("scorer decide", "scorer inspect", "scorer collect-statistics", "scorer score-layer");
                assertThat(collector.services).containsOnly("espalier-scorer");
            } finally {
                scorer.requestStop();
                scorer.awaitStop(Duration.ofSeconds(10));
            }
        } finally {
            receiver.shutdownNow();
        }
    }

    private ServiceProcess scorer(String bootstrap, int port) throws Exception {
        Folders folders = Folders.of(folder);
        StackSettings settings = new StackSettings(
                Folders.HOME, folders.state(), folders.models(), folders.texts(), folders.artifacts(), 1, false);
        Files.createDirectories(folders.artifacts());
        Files.createDirectories(settings.temporaryFolder());
        Launch usual = ServiceLaunches.launch(settings, bootstrap, "scorer", "scorer");
        Map<String, String> environment = new HashMap<>(usual.environment());
        environment.put("OTEL_SDK_DISABLED", "false");
        environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + port);
        return ServiceProcess.start(
                new Launch(usual.service(), usual.name(), usual.command(), environment, usual.log(), usual.httpPort()));
    }

    private static void request(String bootstrap, PruneRequest request) throws Exception {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new ByteArraySerializer())) {
            var record = new ProducerRecord<>("prune-requests", request.getRequestId(), request.toByteArray());
            record.headers()
                    .add(
                            "traceparent",
                            "00-%s-%s-01".formatted(TRACE, USERS_SPAN).getBytes(StandardCharsets.UTF_8));
            producer.send(record).get();
        }
    }

    private static String attribute(Span span, String key) {
        return span.getAttributesList().stream()
                .filter(attribute -> attribute.getKey().equals(key))
                .map(attribute -> attribute.getValue().getStringValue())
                .findFirst()
                .orElse("");
    }

    /** Keeps what it is sent. */
    private static final class Collector extends TraceServiceGrpc.TraceServiceImplBase {
        private final List<Span> spans = new CopyOnWriteArrayList<>();
        private final List<String> services = new CopyOnWriteArrayList<>();

        @Override
        public void export(ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> response) {
            request.getResourceSpansList().forEach(resource -> {
                resource.getResource().getAttributesList().stream()
                        .filter(attribute -> attribute.getKey().equals("service.name"))
                        .map(KeyValue::getValue)
                        .forEach(name -> services.add(name.getStringValue()));
                resource.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
            });
            response.onNext(ExportTraceServiceResponse.getDefaultInstance());
            response.onCompleted();
        }
    }
}
