package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess.Launch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a service that ends, without the broker of a stack. */
class SupervisorIT {
    private static final Backoff AT_ONCE = new Backoff(Duration.ofMillis(1), Duration.ofMillis(1));
    private static final Backoff NOT_IN_THIS_TEST = new Backoff(Duration.ofHours(1), Duration.ofHours(1));
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path home;

    private Path models;
    private StackSettings settings;
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final AtomicInteger replaced = new AtomicInteger();

    @BeforeEach
    void installServices() throws Exception {
        HealthOnlyService.install(home);
        models = Files.createDirectories(home.resolve("models"));
        settings = new StackSettings(home, home.resolve("state"), models, models, home.resolve("artifacts"), 1, false);
    }

    @Test
    void aServiceThatCannotStartAgainIsTriedUntilItCan() throws Exception {
        try (Supervisor supervisor = running(AT_ONCE, LONG)) {
            // Given
            Files.createFile(models.resolve("broken"));
            kill(supervisor);
            awaitSaid("scorer-1 stopped with exit code 42");

            // When
            Files.delete(models.resolve("broken"));

            // Then
            awaitSaid("scorer-1 is ready again");
            assertThat(isAlive(pid(supervisor))).isTrue();
        }
    }

    @Test
    void aServiceThatStartsAgainWithoutBecomingReadyIsEndedAndStartedOnceMore() throws Exception {
        try (Supervisor supervisor = running(AT_ONCE, Duration.ofSeconds(10))) {
            // Given
            Files.createFile(models.resolve("unready"));

            // When
            kill(supervisor);

            // Then
            awaitSaid("scorer-1 is not ready after 10 s");
            Files.delete(models.resolve("unready"));
            awaitSaid("scorer-1 is ready again");
            assertThat(ProcessHandle.current().children()).hasSize(1);
        }
    }

    @Test
    void closingWhileAServiceWaitsForItsNextStartLeavesNoProcess() throws Exception {
        // Given
        Supervisor supervisor = running(NOT_IN_THIS_TEST, LONG);
        kill(supervisor);
        awaitSaid("it is started again in 3600 s");

        // When
        supervisor.close();

        // Then
        assertThat(ProcessHandle.current().children()).isEmpty();
        Awaitility.await().until(() -> keepers() == 0);
    }

    @Test
    void closingWhileAServiceStartsAgainLeavesNoProcess() throws Exception {
        // Given
        Supervisor supervisor = running(AT_ONCE, LONG);
        Files.createFile(models.resolve("unready"));
        kill(supervisor);
        Awaitility.await().until(() -> replaced.get() == 1);

        // When
        supervisor.close();

        // Then
        assertThat(ProcessHandle.current().children()).isEmpty();
        Awaitility.await().until(() -> keepers() == 0);
        assertThat(replaced).hasValue(1);
    }

    @Test
    void aServiceOfWhichAPortIsTakenWhileItStartsGetsOtherPorts() throws Exception {
        // Given
        Files.createFile(models.resolve("slow"));
        try (Supervisor supervisor = new Supervisor(rules(NOT_IN_THIS_TEST, LONG))) {
            Launch launch = ServiceLaunches.launch(settings, "localhost:9092", "scorer", "scorer-1");
            Thread starter = new Thread(() -> start(supervisor, launch));
            starter.start();
            Awaitility.await().until(() -> !supervisor.services().isEmpty());
            try (ServerSocket thief = new ServerSocket(launch.httpPort(), 1, InetAddress.getLoopbackAddress())) {

                // When
                Files.delete(models.resolve("slow"));

                // Then
                awaitSaid("started");
                Launch now = supervisor.services().get(0).launch();
                assertThat(now.httpPort()).isNotEqualTo(thief.getLocalPort());
                assertThat(said)
                        .anyMatch(line -> line.contains("another process has taken the port of scorer-1")
                                && line.contains(now.http().toString()));
            }
            starter.join();
        }
    }

    @Test
    void aServiceThatNeverStaysUpIsSaidLoudly() throws Exception {
        try (Supervisor supervisor = running(AT_ONCE, LONG)) {
            // Given
            Files.createFile(models.resolve("broken"));

            // When
            kill(supervisor);

            // Then
            awaitSaid("scorer-1 DOES NOT STAY UP: it ended 10 times in a row");
        }
    }

    private void start(Supervisor supervisor, Launch launch) {
        try {
            supervisor.start(List.of(launch));
            said.add("started");
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private SupervisedService.Rules rules(Backoff backoff, Duration ready) {
        return new SupervisedService.Rules(backoff, ready, LONG, HttpClient.newHttpClient(), said::add);
    }

    private Supervisor running(Backoff backoff, Duration ready) throws Exception {
        Supervisor supervisor = new Supervisor(rules(backoff, ready));
        supervisor.start(List.of(ServiceLaunches.launch(settings, "localhost:9092", "scorer", "scorer-1")));
        supervisor.keepRunning(replaced::incrementAndGet);
        return supervisor;
    }

    private static long pid(Supervisor supervisor) {
        return supervisor.services().get(0).pid();
    }

    private static void kill(Supervisor supervisor) {
        ProcessHandle.of(pid(supervisor)).orElseThrow().destroyForcibly();
    }

    private void awaitSaid(String part) {
        Awaitility.await(part).atMost(LONG).until(() -> said.stream().anyMatch(line -> line.contains(part)));
    }

    /** Threads that watch over a service. */
    private static long keepers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("keep-"))
                .count();
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
}
