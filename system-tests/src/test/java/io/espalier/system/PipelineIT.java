package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.JobState;
import io.espalier.v1.LayerScores;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineIT extends SoundStack {
    private static final String JOB = "from-protobuf";
    private static final int LAYERS = 6;

    @BeforeAll
    static void runOneJob() {
        stack.run(Requests.small(JOB));
    }

    @Test
    void aProtobufRequestPassesEveryStageInOrderAndEndsOnce() {
        // When
        List<JobEvent> steps = stack.log().events(JOB).stream()
                .filter(event -> !event.hasProgress())
                .toList();

        // Then
        assertThat(steps)
                .extracting(event -> event.getStage() + " " + event.getEventCase())
                .containsExactly(
                        "scorer ACCEPTED",
                        "scorer STAGE_FINISHED",
                        "pruner STAGE_STARTED",
                        "pruner ARTIFACT_COMMITTED",
                        "pruner STAGE_FINISHED",
                        "evaluator STAGE_STARTED",
                        "evaluator COMPLETED");
    }

    @Test
    void aJsonRequestGoesTheSameWay() throws Exception {
        // Given
        PruneRequest request = Requests.small("from-json");

        // When
        try (KafkaProducer<String, byte[]> plain =
                new KafkaProducer<>(stack.kafka(), new StringSerializer(), new ByteArraySerializer())) {
            byte[] json = JsonFormat.printer().print(request).getBytes(StandardCharsets.UTF_8);
            var record = new ProducerRecord<String, byte[]>("prune-requests", null, json);
            record.headers().add("content-type", "application/json".getBytes(StandardCharsets.UTF_8));
            plain.send(record).get();
        }

        // Then
        JobEvent end = stack.awaitEnd("from-json");
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(end.getCompleted().getPruned().getPerplexity())
                .isEqualTo(report().getPruned().getPerplexity());
    }

    @Test
    void aRequestOverGrpcWithoutAnIdGoesTheSameWay() {
        // Given
        PruneRequest request =
                Requests.small("").toBuilder().setOutput("from-grpc").build();

        // When
        String job;
        try (ControlClient control = ControlClient.of(stack.service("pruner"))) {
            job = control.submit(request);
        }

        // Then
        JobEvent end = stack.awaitEnd(job);
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(end.getCompleted().getPruned().getPerplexity())
                .isEqualTo(report().getPruned().getPerplexity());
    }

    @Test
    void everyLayerIsScoredOnceAndThenTheScoringIsComplete() {
        // When
        List<ScoreFact> facts = stack.log().scores(JOB);

        // Then
        assertThat(facts).hasSize(LAYERS + 1);
        assertThat(facts.subList(0, LAYERS))
                .extracting(fact -> fact.getLayer().getLayer())
                .containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
        assertThat(facts.subList(0, LAYERS)).allSatisfy(fact -> hasFiniteScores(fact.getLayer()));
        assertThat(facts.get(LAYERS).getCompleted().getScoresCount()).isEqualTo(LAYERS);
    }

    private static void hasFiniteScores(LayerScores layer) {
        assertThat(layer.getSetsList())
                .extracting(set -> set.getName())
                .containsExactly("fms", "fms/none", "fms/noise");
        assertThat(layer.getSetsList()).allSatisfy(set -> {
            assertThat(set.getAttentionList()).hasSize(12).allMatch(score -> score >= 0 && Float.isFinite(score));
            assertThat(set.getFfnList()).hasSize(512).allMatch(score -> score >= 0 && Float.isFinite(score));
        });
    }

    @Test
    void theEvaluationSaysWhatWasMeasuredAndWhatProducedIt() {
        // When
        List<EvaluationReport> reports = stack.log().evaluations(JOB);

        // Then
        assertThat(reports).hasSize(1);
        EvaluationReport report = reports.get(0);
        assertThat(report.getPruned().getParameters())
                .isPositive()
                .isLessThan(report.getDense().getParameters());
        assertThat(report.getPruned().getMacs())
                .isPositive()
                .isLessThan(report.getDense().getMacs());
        assertThat(report.getDense().getPerplexity()).isBetween(1.0, 2048.0);
        assertThat(report.getPruned().getPerplexity()).isBetween(1.0, 2048.0);
        assertThat(report.getLayersList())
                .hasSize(LAYERS)
                .allMatch(layer -> layer.getHeads() == 8 && layer.getHeadDim() == 16);
        assertThat(report.getProtocol().getPredictedTokens()).isEqualTo(8 * 31);
        assertThat(report.getProvenance().getSeed()).isEqualTo(7);
        assertThat(report.getProvenance().getModelSha256()).hasSize(64);
        assertThat(report.getProvenance().getManifestSha256())
                .isEqualTo(Digests.sha256(artifact().resolve(Manifest.FILE)));
    }

    @Test
    void theJobLeavesAPageAndTheSameDataBesideItsMeasurements() throws Exception {
        // When
        Path page = stack.folders().artifacts().resolve(report().getReport());

        // Then
        assertThat(page)
                .isEqualTo(stack.folders()
                        .artifacts()
                        .resolve("reports")
                        .resolve(JOB)
                        .resolve("report.html"));
        JsonNode data =
                new ObjectMapper().readTree(page.resolveSibling("report.json").toFile());
        assertThat(data.at("/results/0/evaluation/output").asText()).isEqualTo(JOB);
        assertThat(data.at("/results/0/repairs")).hasSize(LAYERS);
        assertThat(data.get("dense_layers")).hasSize(LAYERS);
        assertThat(data.at("/importance/layers")).hasSize(LAYERS);
        Matcher inPage = Pattern.compile("id=\"data\">(.*?)</script>").matcher(Files.readString(page));
        assertThat(inPage.find()).isTrue();
        assertThat(new ObjectMapper().readTree(inPage.group(1))).isEqualTo(data);
    }

    @Test
    void theArtifactIsACheckpointOfTheReportedShapes() {
        // When
        try (Checkpoint pruned = Checkpoint.open(artifact())) {

            // Then
            assertThat(pruned.config().layers()).hasSize(LAYERS).allSatisfy(layer -> {
                assertThat(layer.heads()).isEqualTo(8);
                assertThat(layer.ffnChannels()).isEqualTo(352);
            });
        }
        assertThat(Manifest.read(artifact()).files())
                .containsKeys("config.json", "model.safetensors", "scores.safetensors", "tokenizer.json");
        assertThat(Manifest.read(artifact()).jobId()).isEqualTo(JOB);
    }

    @Test
    void everyRecordOfAJobIsACloudEventUnderItsKey() {
        // When
        List<ConsumerRecord<String, byte[]>> facts = List.of("prune-requests", "layer-scores", "job-events").stream()
                .flatMap(topic -> stack.log().records(topic, JOB).stream())
                .toList();

        // Then
        assertThat(facts).hasSizeGreaterThan(LAYERS).allSatisfy(record -> {
            assertThat(header(record.headers(), "content-type")).isEqualTo("application/protobuf");
            assertThat(header(record.headers(), "ce_specversion")).isEqualTo("1.0");
            assertThat(header(record.headers(), "ce_subject")).isEqualTo(JOB);
            assertThat(header(record.headers(), "ce_type")).startsWith("espalier.v1.");
        });
        assertThat(facts)
                .extracting(record -> header(record.headers(), "ce_id"))
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("io.espalier.system.Services#stages")
    void everyServiceAnswersForEveryJob(String service) {
        try (ControlClient control = ControlClient.of(stack.service(service))) {
            // Given
            Awaitility.await().atMost(Stack.LIMIT).until(() -> control.job(JOB).hasEvaluation());

            // When
            List<JobEvent> watched = control.watch(JOB);

            // Then
            assertThat(watched).isEqualTo(stack.log().events(JOB));
            assertThat(control.job(JOB).getState()).isEqualTo(JobState.COMPLETED);
            assertThat(control.job(JOB).getEvaluation()).isEqualTo(report());
            assertThat(control.job(JOB).getOutput()).isEqualTo(JOB);
            assertThat(control.jobs(1)).contains(control.job(JOB)).doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @MethodSource("io.espalier.system.Services#stages")
    void everyServiceRefusesWhatMakesNoSense(String service) {
        try (ControlClient control = ControlClient.of(stack.service(service))) {
            // Given
            Awaitility.await().atMost(Stack.LIMIT).until(() -> control.job(JOB).hasEvaluation());

            // When
            ThrowingCallable cancelEnded = () -> control.cancel(JOB, "too late");

            // Then
            assertThatThrownBy(cancelEnded).satisfies(status(Status.Code.FAILED_PRECONDITION));
            assertThatThrownBy(() -> control.cancel("nobody", "")).satisfies(status(Status.Code.NOT_FOUND));
            assertThatThrownBy(() -> control.job("nobody")).satisfies(status(Status.Code.NOT_FOUND));
            assertThatThrownBy(() -> control.watch("nobody")).satisfies(status(Status.Code.NOT_FOUND));
        }
    }

    private static Consumer<Throwable> status(Status.Code code) {
        return failure -> assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code);
    }

    @ParameterizedTest
    @MethodSource("io.espalier.system.Services#stages")
    void everyServiceReportsItsHealthOverGrpcAndHttp(String service) throws Exception {
        try (ControlClient control = ControlClient.of(stack.service(service))) {
            // When
            ServingStatus health = control.health();

            // Then
            assertThat(health).isEqualTo(ServingStatus.SERVING);
            assertThat(http(service, "/q/health/ready")).contains("\"UP\"").doesNotContain("DOWN");
            assertThat(http(service, "/q/health/live")).contains("\"UP\"").doesNotContain("DOWN");
        }
    }

    @Test
    void everyMetricOfAServiceHasAHelpText() throws Exception {
        // When
        List<String> help = http("scorer", "/q/metrics")
                .lines()
                .filter(line -> line.startsWith("# HELP espalier_"))
                .toList();

        // Then
        assertThat(help).hasSizeGreaterThan(11).allSatisfy(line -> assertThat(line)
                .matches("# HELP \\S+ \\S.*"));
    }

    private static String http(String service, String path) throws Exception {
        return stack.services().get(stack.service(service), path).body();
    }

    private static EvaluationReport report() {
        return stack.log().evaluations(JOB).get(0);
    }

    private static Path artifact() {
        return stack.folders().artifacts().resolve(JOB);
    }

    private static String header(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
