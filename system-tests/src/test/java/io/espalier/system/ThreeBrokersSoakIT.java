package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of three brokers one may be away at any time: jobs go on without it. */
@Tag("soak")
class ThreeBrokersSoakIT {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path folder;

    private static ThreeBrokers brokers;
    private static Stack stack;
    private static Outcome faultFree;

    @BeforeAll
    static void start() throws Exception {
        brokers = ThreeBrokers.start();
        stack = Stack.startOn(brokers, Folders.of(folder));
        stack.run(Requests.slowScoring("fault-free"));
        faultFree = Outcome.of(stack, "fault-free");
        brokers.replicateEverything();
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    @AfterEach
    void everyPromiseHolds() {
        brokers.startMissing();
        new PipelineVerifier(stack).verifyWithCompletion();
        assertThat(stack.log().deadLetters()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aJobEndsWhileABrokerIsLostInTheMiddleOfIt(int broker) {
        // Given
        String job = "lost-" + broker;
        submitAndAwaitProgress(job);

        // When
        brokers.lose(broker);

        // Then
        assertEndsAsWithoutFaults(job);
    }

    @Test
    void jobsEndWhileTheBrokersAreRestartedOneAfterTheOther() {
        // Given
        List<String> jobs = IntStream.range(0, ThreeBrokers.COUNT)
                .mapToObj(i -> "rolling-" + i)
                .toList();

        // When
        for (int broker = 0; broker < ThreeBrokers.COUNT; broker++) {
            submitAndAwaitProgress(jobs.get(broker));
            brokers.stop(broker);
            brokers.startMissing();
        }

        // Then
        jobs.forEach(ThreeBrokersSoakIT::assertEndsAsWithoutFaults);
    }

    @Test
    void aJobGoesOnWhenAnotherBrokerLeadsEveryPartition() throws Exception {
        // Given
        Map<TopicPartition, Integer> before = brokers.leaders();
        submitAndAwaitProgress("led-by-another");

        // When
        brokers.moveLeaders();

        // Then
        assertEndsAsWithoutFaults("led-by-another");
        assertThat(brokers.leaders())
                .allSatisfy((partition, leader) ->
                        assertThat(leader).as(partition.toString()).isNotEqualTo(before.get(partition)));
    }

    private static void submitAndAwaitProgress(String job) {
        stack.client().submit(Requests.slowScoring(job));
        stack.awaitEvent(job, JobEvent::hasProgress);
    }

    private static void assertEndsAsWithoutFaults(String job) {
        assertThat(stack.awaitEnd(job).hasCompleted()).isTrue();
        assertThat(Outcome.of(stack, job)).isEqualTo(faultFree);
    }
}
