package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.artifact.Manifest;
import io.espalier.pipeline.telemetry.MetricNames;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.JobEvent;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.TaskResult;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WorkerControlIT extends SoundStack {
    private static final String UNDISTURBED = "undisturbed";

    /** Of a service whose workers are never told anything here: any replica answers for any worker. */
    private static ControlClient control;

    @BeforeAll
    static void runUndisturbed() {
        control = ControlClient.of(stack.service("evaluator"));
        stack.run(Requests.slowScoring(UNDISTURBED));
    }

    @AfterAll
    static void stop() {
        control.close();
    }

    @AfterEach
    void twoScorersWork() throws Exception {
        stack.services().ensure("scorer", 2);
        stack.workers("scorer").forEach(control::resume);
    }

    @Test
    void everyReplicaListsTheWorkersOfAllServices() {
        // When
        List<KnownWorker> workers = control.workers();

        // Then
        assertThat(workers).noneMatch(KnownWorker::getLost);
        assertThat(workers)
                .extracting(worker -> worker.getLastBeat().getService())
                .containsExactly("evaluator", "pruner", "recoverer", "scorer", "scorer");
        assertThat(workers).allSatisfy(worker -> {
            assertThat(worker.getLastBeat().getMemoryPeakBytes()).isPositive();
            assertThat(worker.getLastBeat().getVersion()).isNotEmpty();
            assertThat(worker.getLastBeat().getThreads()).isPositive();
        });
    }

    @Test
    void aWorkerThatIsNotKnownIsNotFound() {
        assertThatThrownBy(() -> control.drain("nobody"))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND))
                .hasMessageContaining("nobody");
    }

    @Test
    void aPausedScorerTakesNothingAndOneGivesTheSameBytesAsTwo() throws Exception {
        // Given
        List<String> scorers = stack.workers("scorer");
        control.pause(scorers.get(0));

        // When
        JobEvent end = stack.run(Requests.slowScoring("paused"));

        // Then
        assertThat(end.hasCompleted()).isTrue();
        assertThat(scorersOf("paused")).containsExactly(scorers.get(1));
        assertThat(scorersOf(UNDISTURBED)).hasSize(2);
        assertThat(Outcome.of(stack, "paused")).isEqualTo(Outcome.of(stack, UNDISTURBED));
        assertThat(manifest("paused")).isEqualTo(manifest(UNDISTURBED));
        assertThat(completed("paused")).isEqualTo(completed(UNDISTURBED));
    }

    /** Its bytes as text, and so the digest of every file, for whichever job. */
    private static String manifest(String jobId) throws IOException {
        return Files.readString(stack.folders().artifacts().resolve(jobId).resolve(Manifest.FILE))
                .replace(jobId, "JOB");
    }

    /** The end of scoring with the digest of every score file, for whichever job. */
    private static String completed(String jobId) {
        return stack.log().scores(jobId).stream()
                .filter(ScoreFact::hasCompleted)
                .findFirst()
                .orElseThrow()
                .toString()
                .replace(jobId, "JOB");
    }

    @Test
    void aScorerDrainedInTheMiddleOfATaskGivesItToTheOther() {
        // Given
        stack.client().submit(Requests.slowScoring("drained"));
        TaskResult inHand = stack.awaitTaskInHand("drained", "losses");

        // When
        control.drain(inHand.getWorker());

        // Then
        assertThat(control.worker(inHand.getWorker()).getLastBeat().hasTask()).isFalse();
        assertWasGivenToAnother("drained", inHand);
    }

    @Test
    void aTerminatedScorerGivesItsTaskToTheOtherAndExitsWithSuccess() {
        // Given
        stack.client().submit(Requests.slowScoring("terminated"));
        TaskResult inHand = stack.awaitTaskInHand("terminated", "losses");

        // When
        int exitCode = Services.terminate(stack.services().named(inHand.getWorker()));

        // Then
        assertThat(exitCode).isZero();
        assertThat(control.workers())
                .extracting(worker -> worker.getLastBeat().getWorkerId())
                .doesNotContain(inHand.getWorker());
        assertWasGivenToAnother("terminated", inHand);
    }

    @Test
    void everyServiceExportsEveryMetric() throws Exception {
        for (StageTopics stage : TopicFile.declared().stages()) {
            // When
            String metrics = stack.metrics(stage.stage());

            // Then
            assertThat(metrics.lines().filter(line -> line.startsWith("espalier_")))
                    .allMatch(line -> line.contains("stage=\"" + stage.stage() + "\""));
            assertThat(metricNames()).allSatisfy(name -> assertThat(metrics).containsPattern("(?m)^" + name + "[_{]"));
        }
    }

    @Test
    void aJobIsOneTraceFromItsFirstTaskToItsEvaluation() {
        // Given
        List<String> topics = TopicFile.declared().stages().stream()
                .flatMap(stage -> List.of(stage.tasks(), stage.results(), stage.facts()).stream())
                .toList();

        // When
        Set<String> traces = topics.stream()
                .flatMap(topic -> stack.log().records(topic, UNDISTURBED).stream())
                .map(WorkerControlIT::traceId)
                .collect(Collectors.toSet());

        // Then
        assertThat(traces).singleElement().asString().hasSize(32);
    }

    /** Given back by one worker, finished once by another, and with the same bytes in the end. */
    private static void assertWasGivenToAnother(String jobId, TaskResult inHand) {
        assertThat(stack.awaitEnd(jobId).hasCompleted()).isTrue();
        assertThat(stack.log().results(jobId))
                .filteredOn(result -> result.getTaskId().equals(inHand.getTaskId()) && !result.hasProgress())
                .satisfiesExactly(
                        back -> {
                            assertThat(back.hasGivenBack()).isTrue();
                            assertThat(back.getWorker()).isEqualTo(inHand.getWorker());
                        },
                        outcome -> assertThat(outcome.getWorker()).isNotEqualTo(inHand.getWorker()));
        assertThat(Outcome.of(stack, jobId)).isEqualTo(Outcome.of(stack, UNDISTURBED));
    }

    /** Names of the scorers that finished a task of a job. */
    private static Set<String> scorersOf(String jobId) {
        return stack.log().results(jobId).stream()
                .filter(result -> result.hasLossesCollected() || result.hasLayerScored())
                .map(TaskResult::getWorker)
                .collect(Collectors.toSet());
    }

    private static List<String> metricNames() throws IllegalAccessException {
        List<String> names = new java.util.ArrayList<>();
        for (Field field : MetricNames.class.getFields()) {
            String value = String.valueOf(field.get(null));
            if (value.startsWith("espalier_")) {
                names.add(value);
            }
        }
        return names;
    }

    private static String traceId(ConsumerRecord<String, byte[]> record) {
        Header trace = record.headers().lastHeader("traceparent");
        assertThat(trace).as("traceparent on %s", record.topic()).isNotNull();
        return new String(trace.value(), StandardCharsets.UTF_8).substring(3, 35);
    }
}
