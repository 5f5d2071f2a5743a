package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.GradientSource;
import io.espalier.v1.PauseCommand;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import io.espalier.v1.WorkerCommand;
import java.io.IOException;
import java.io.Writer;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of users.yaml are enough for a job, and no more than that. */
class KafkaAccessIT {
    private static final TopicCatalog TOPICS = TopicCatalog.load("");
    private static final Path DEMO = Repository.DEPLOY.resolve("demo");
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    static Path folder;

    private static final List<ServiceProcess> SERVICES = new ArrayList<>();
    private static SecuredKafka kafka;
    private static StackSettings settings;

    @BeforeAll
    static void everyServiceRunsAsItsUser() throws Exception {
        kafka = SecuredKafka.start(KafkaAccess.users(TOPICS));
        settings = new StackSettings(Repository.ROOT, folder, DEMO, DEMO, folder.resolve("artifacts"), 1, false);
        Files.createDirectories(settings.artifacts());
        Files.createDirectories(settings.temporaryFolder());
        for (StageTopics stage : TopicFile.declared().stages()) {
            SERVICES.add(ServiceProcess.start(
                    secured(settings, stage.stage(), stage.stage(), kafka.clientOf(stage.stage()))));
        }
        for (ServiceProcess service : SERVICES) {
            service.awaitReady(HttpClient.newHttpClient(), LIMIT);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        SERVICES.forEach(ServiceProcess::requestStop);
        SERVICES.forEach(service -> service.awaitStop(Duration.ofSeconds(15)));
        kafka.close();
    }

    @Test
    void aJobOfAClientPassesEveryStage() throws Exception {
        // When
        try (JobClient client = new JobClient(kafka.clientOf("client"), TOPICS, "test")) {
            client.submit(request());
        }

        // Then
        EvaluationReport report = EvaluationReport.parseFrom(nextEvaluation().value());
        assertThat(report.getJobId()).isEqualTo("secured");
        assertThat(report.getPruned().getParameters())
                .isPositive()
                .isLessThan(report.getDense().getParameters());
    }

    @Test
    void aClientCannotPublishWhatOnlyAServiceMay() {
        // Given
        var forged = new ProducerRecord<>("evaluations", "secured", new byte[0]);

        // When, then
        try (var producer =
                new KafkaProducer<>(kafka.clientOf("client"), new StringSerializer(), new ByteArraySerializer())) {
            assertThatThrownBy(() -> producer.send(forged).get()).hasCauseInstanceOf(TopicAuthorizationException.class);
        }
    }

    @Test
    void aClientCannotCommandAWorker() {
        // Given
        WorkerCommand pause = WorkerCommand.newBuilder()
                .setWorkerId("evaluator")
                .setPause(PauseCommand.getDefaultInstance())
                .build();

        // When, then
        try (JobClient client = new JobClient(kafka.clientOf("client"), TOPICS, "test")) {
            assertThatThrownBy(() -> client.command(pause)).hasCauseInstanceOf(TopicAuthorizationException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jobs",
                "workers",
                "worker evaluator",
                "pause evaluator",
                "resume evaluator",
                "tail prune-requests-dlt --until-now"
            })
    void theCommandLineMayDoAsAnOperatorWhatItMust(String command) throws Exception {
        // When
        Process commandLine = commandLine("operator", command);

        // Then
        String output = new String(commandLine.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(commandLine.waitFor()).as(output).isZero();
    }

    private static Process commandLine(String user, String command) throws IOException {
        Path client = folder.resolve(user + ".properties");
        try (Writer file = Files.newBufferedWriter(client)) {
            kafka.clientOf(user).store(file, null);
        }
        List<String> words = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.espalier.cli.Espalier"));
        words.addAll(List.of(command.split(" ")));
        words.addAll(List.of("--bootstrap", kafka.bootstrap(), "--client-config", client.toString()));
        return new ProcessBuilder(words).redirectErrorStream(true).start();
    }

    @Test
    void aServiceWithAWrongPasswordIsNotReadyAndSaysWhyWithoutThePassword() throws Exception {
        // When
        Launch launch = start("wrong-password", kafka.clientOf("evaluator", SecuredKafka.PASSWORD + "nobody"));

        // Then
        assertThat(Readiness.awaitDown(launch, "Authentication failed", LIMIT)).doesNotContain(SecuredKafka.PASSWORD);
        assertThat(Files.readString(launch.log())).doesNotContain(SecuredKafka.PASSWORD);
    }

    @Test
    void aServiceThatMayNotDoWhatItMustIsNotReadyAndSaysWhatItMayNot() throws Exception {
        // When
        Launch launch = start("wrong-user", kafka.clientOf("client"));

        // Then
        assertThat(Readiness.awaitDown(launch, "authorization failed", LIMIT)).doesNotContain(SecuredKafka.PASSWORD);
        assertThat(Files.readString(launch.log())).doesNotContain(SecuredKafka.PASSWORD);
    }

    /** One more evaluator, which need not become ready. */
    private static Launch start(String name, Properties client) throws IOException {
        Launch launch = secured(settings, "evaluator", name, client);
        SERVICES.add(ServiceProcess.start(launch));
        return launch;
    }

    private static Launch secured(StackSettings settings, String service, String name, Properties client) {
        Launch usual = ServiceLaunches.launch(settings, kafka.bootstrap(), service, name);
        List<String> command = new ArrayList<>(usual.command());
        client.forEach((key, value) -> command.add(1, "-Dkafka." + key + "=" + value));
        return new Launch(service, name, command, usual.environment(), usual.log(), usual.httpPort());
    }

    private static ConsumerRecord<String, byte[]> nextEvaluation() throws IOException {
        Properties settings = kafka.clientOf("client");
        settings.put("group.id", "client-evaluations");
        settings.put("auto.offset.reset", "earliest");
        settings.put("isolation.level", "read_committed");
        long end = System.nanoTime() + LIMIT.toNanos();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("evaluations"));
            while (System.nanoTime() < end) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    return record;
                }
            }
        }
        throw new IOException("no evaluation within " + LIMIT + "; the services' logs are in " + folder);
    }

    private static PruneRequest request() {
        return PruneRequest.newBuilder()
                .setRequestId("secured")
                .setModel("llama")
                .setCalibration(Calibration.newBuilder()
                        .setText("calibration.txt")
                        .setSamples(4)
                        .setSequenceLength(32))
                .setScoring(Scoring.newBuilder()
                        .setGradient(GradientSource.newBuilder().setDraws(1)))
                .setPruning(Pruning.newBuilder().setUnitRatio(0.25).setLayers("all"))
                .setEvaluation(Evaluation.newBuilder()
                        .setText("evaluation.txt")
                        .setMaxWindows(4)
                        .setSkipSpeed(true))
                .build();
    }
}
