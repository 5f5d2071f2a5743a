package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import com.google.protobuf.util.Timestamps;
import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Calibration;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Failure;
import io.espalier.v1.JobAccepted;
import io.espalier.v1.JobEvent;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import io.espalier.v1.StageStarted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real broker on which jobs have left their events. */
class CommandsIT {
    @TempDir
    static Path folder;

    private static EmbeddedBroker broker;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeAll
    static void publishTheEventsOfSomeJobs() throws Exception {
        broker = EmbeddedBroker.start(folder);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
            TopicCatalog.load("").createMissing(admin, 1);
        }
        publish(accepted("finished"), started("finished"), completed("finished"));
        publish(accepted("broken"), started("broken"), failed("broken"));
        publish(acceptedWithScoresOf("running", "units-fms"), started("running"));
        publish(refusedRequest(), refusal());
    }

    @AfterAll
    static void stopTheBroker() {
        broker.close();
    }

    @Test
    void watchingACompletedJobReplaysItAndEndsWithTheTable() {
        // When
        int exitCode = run("watch", "finished");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(err().lines()).containsExactly("accepted finished", "scorer started", "completed finished");
        assertThat(out()).contains("perplexity", "12.500", "15.000", "1.200");
        assertThat(out().stripTrailing()).endsWith("\nreport    reports/finished/report.html");
    }

    @Test
    void theReportOfACompletedJobIsNamed() {
        // When
        int exitCode = run("report", "finished");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out().strip()).isEqualTo("reports/finished/report.html");
    }

    @Test
    void aJobThatRunsHasNoReportYet() {
        // When
        int exitCode = run("report", "running");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).hasLineCount(1).contains("NOT_FOUND", "running is SCORING and has no report");
    }

    @Test
    void aReportOnAnotherMachineIsNotOpenedAndTheOptionThatHelpsIsNamed() {
        // When
        int exitCode = run("report", "finished", "--open");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).hasLineCount(1).contains("NOT_FOUND", "--artifacts");
    }

    @Test
    void aDryRunSaysWhatWouldBeDeletedAndDeletesNothing() throws Exception {
        // Given
        Path artifacts = oldArtifacts("dry");

        // When
        int exitCode = run("gc", "--artifacts", artifacts.toString(), "--older-than", "30d", "--dry-run");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out().lines())
                .anyMatch(line -> line.startsWith("units-fms ") && line.endsWith("kept: a running job uses its scores"))
                .anyMatch(line -> line.startsWith("layers ") && line.endsWith("would be deleted"))
                .last()
                .asString()
                .contains("would be deleted");
        assertThat(artifacts.resolve("layers/manifest.json")).exists();
    }

    @Test
    void whatIsOlderIsDeletedAndWhatARunningJobReadsStays() throws Exception {
        // Given
        Path artifacts = oldArtifacts("swept");
        Files.createDirectories(artifacts.resolve("work/deleted-half"));
        Files.createDirectories(artifacts.resolve("work/running/staging"));
        Files.createDirectories(artifacts.resolve("somebodys-folder"));

        // When
        int exitCode = run("gc", "--artifacts", artifacts.toString(), "--older-than", "30d");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(artifacts)
                .isDirectoryContaining(path -> path.endsWith("units-fms"))
                .isDirectoryContaining(path -> path.endsWith("somebodys-folder"))
                .isDirectoryNotContaining(path -> path.endsWith("layers"));
        assertThat(artifacts.resolve("work")).isDirectoryContaining(path -> path.endsWith("running"));
        assertThat(artifacts.resolve("work")).isDirectoryNotContaining("glob:**deleted-*");
        assertThat(artifacts.resolve("reports")).isEmptyDirectory();
    }

    /** Artifacts and reports of an earlier build, written long ago. */
    private static Path oldArtifacts(String name) throws IOException {
        Path from =
                Path.of("..", "system-tests", "src", "test", "resources", "upgrade", "8acdd61", "ended", "artifacts");
        Path to = folder.resolve(name);
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
        try (Stream<Path> paths = Files.walk(to)) {
            for (Path path : paths.toList()) {
                Files.setLastModifiedTime(path, FileTime.from(Instant.parse("2020-02-02T20:20:20Z")));
            }
        }
        return to;
    }

    @Test
    void watchingAFailedJobTellsWhyAndSaysSoInTheExitCode() {
        // When
        int exitCode = run("watch", "broken");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.JOB_FAILED);
        assertThat(err()).contains("failed in scorer, MODEL_NOT_FOUND: no folder llama");
        assertThat(out()).isEmpty();
    }

    @Test
    void watchingForAMachinePrintsEveryEventAsALineOfJson() {
        // When
        int exitCode = run("watch", "finished", "--json");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out().lines())
                .hasSize(3)
                .allMatch(line -> line.startsWith("{\"job_id\":\"finished\"") && line.endsWith("}"));
        assertThat(err()).isEmpty();
    }

    @Test
    void showingAnUnknownJobNamesIt() {
        // When
        int exitCode = run("show", "nobody");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).hasLineCount(1).contains("NOT_FOUND", "nobody");
    }

    @Test
    void theListHasEveryJob() {
        // When
        int exitCode = run("jobs");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out()).contains("finished", "COMPLETED", "broken", "FAILED", "running", "SCORING");
    }

    @Test
    void cancellingARunningJobPublishesACommand() {
        // When
        int exitCode = run("cancel", "running", "--reason", "wrong model");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(tail("job-commands")).contains("\"job_id\":\"running\"", "wrong model");
    }

    @Test
    void cancellingAJobThatHasEndedIsRefused() {
        // When
        int exitCode = run("cancel", "finished");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).contains("finished", "COMPLETED");
        assertThat(tail("job-commands")).doesNotContain("\"finished\"");
    }

    @Test
    void pruningPublishesTheRequestAndPrintsTheJobId() {
        // When
        int exitCode =
                run("prune", "--id", "new", "--model", "llama", "--calibration", "c.txt", "--unit-ratio", "0.25");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out().strip()).isEqualTo("new");
        assertThat(tail("prune-requests")).contains("\"request_id\":\"new\"", "\"unit_ratio\":0.25");
    }

    @Test
    void pruningUnderTheIdOfAnotherRequestIsRefusedAndPublishesNothing() {
        // When
        int exitCode =
                run("prune", "--id", "broken", "--model", "other", "--calibration", "c.txt", "--unit-ratio", "0.25");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).contains("ALREADY_EXISTS", "broken");
        assertThat(tail("prune-requests")).doesNotContain("\"broken\"");
    }

    @Test
    void aRequestThatTheScorerRefusesIsToldAsAMistakeOfTheCommand() {
        // When
        int exitCode =
                run("prune", "--id", "refused", "--model", "llama", "--calibration", "c.txt", "--unit-ratio", "1");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(out()).isEmpty();
        assertThat(err()).hasLineCount(1).contains("INVALID_ARGUMENT", "pruning.unit_ratio");
    }

    @Test
    void aTopicThatDoesNotExistIsNamedBesideThoseThatDo() {
        // When
        int exitCode = run("tail", "evaluation", "--until-now");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err()).contains("no topic evaluation;", "evaluations");
    }

    @Test
    void aWrongPrefixIsToldFromAMissingBroker() {
        // When
        int exitCode = run("jobs", "--topic-prefix", "staging.");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(err()).contains("staging.job-events", "--topic-prefix");
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--bootstrap";
        all[arguments.length + 1] = broker.bootstrap();
        return Espalier.commandLine(console).execute(all);
    }

    /** Everything on a topic, as the command prints it. */
    private String tail(String topic) {
        out.reset();
        assertThat(run("tail", topic, "--until-now")).isEqualTo(ExitCode.OK);
        return out();
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static void publish(JobEvent.Builder... events) throws Exception {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrap()), new StringSerializer(), new ByteArraySerializer())) {
            for (JobEvent.Builder event : events) {
                MessageLite value = event.setAt(Timestamps.fromMillis(0)).build();
                producer.send(new ProducerRecord<>("job-events", event.getJobId(), value.toByteArray()))
                        .get();
            }
        }
    }

    private static JobEvent.Builder accepted(String jobId) {
        return JobEvent.newBuilder()
                .setJobId(jobId)
                .setStage("scorer")
                .setAccepted(JobAccepted.newBuilder()
                        .setRequest(
                                PruneRequest.newBuilder().setRequestId(jobId).setModel("llama")));
    }

    private static JobEvent.Builder acceptedWithScoresOf(String jobId, String output) {
        JobEvent.Builder event = accepted(jobId);
        event.getAcceptedBuilder()
                .getRequestBuilder()
                .setScoring(Scoring.newBuilder().setScoresOf(output));
        return event;
    }

    private static JobEvent.Builder refusedRequest() {
        JobEvent.Builder event = accepted("refused");
        event.getAcceptedBuilder()
                .getRequestBuilder()
                .setCalibration(Calibration.newBuilder().setText("c.txt"))
                .setPruning(Pruning.newBuilder().setUnitRatio(1));
        return event;
    }

    private static JobEvent.Builder refusal() {
        return JobEvent.newBuilder()
                .setJobId("refused")
                .setStage("scorer")
                .setFailed(Failure.newBuilder()
                        .setCode("INVALID_ARGUMENT")
                        .setMessage("pruning.unit_ratio: must lie between 0 and 1, was 1.0"));
    }

    private static JobEvent.Builder started(String jobId) {
        return JobEvent.newBuilder()
                .setJobId(jobId)
                .setStage("scorer")
                .setStageStarted(StageStarted.getDefaultInstance());
    }

    private static JobEvent.Builder completed(String jobId) {
        return JobEvent.newBuilder()
                .setJobId(jobId)
                .setStage("evaluator")
                .setCompleted(EvaluationReport.newBuilder()
                        .setJobId(jobId)
                        .setReport("reports/%s/report.html".formatted(jobId))
                        .setDense(ModelMeasurement.newBuilder()
                                .setPerplexity(12.5)
                                .setParameters(4))
                        .setPruned(
                                ModelMeasurement.newBuilder().setPerplexity(15).setParameters(3)));
    }

    private static JobEvent.Builder failed(String jobId) {
        return JobEvent.newBuilder()
                .setJobId(jobId)
                .setStage("scorer")
                .setFailed(Failure.newBuilder().setCode("MODEL_NOT_FOUND").setMessage("no folder llama"));
    }
}
