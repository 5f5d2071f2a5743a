package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.espalier.cli.CommandFailure;
import io.espalier.cli.ExitCode;
import io.espalier.pipeline.topic.TopicCatalog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStackIT {
    private static final int SCORER_1 = 0;
    private static final int SCORER_2 = 1;
    private static final int PRUNER = 2;
    private static final int EVALUATOR = 3;

    @TempDir
    Path home;

    private StackSettings settings;
    private final List<String> said = new CopyOnWriteArrayList<>();

    @BeforeEach
    void installServices() throws Exception {
        HealthOnlyService.install(home);
        Path models = Files.createDirectories(home.resolve("models"));
        settings = new StackSettings(home, home.resolve("state"), models, models, home.resolve("artifacts"), 2, false);
    }

    @Test
    void startsEveryServiceOnABrokerWithAllTopicsAndEndsThemTogether() throws Exception {
        List<StackAddress.Service> services;
        try (LocalStack stack = LocalStack.start(settings, said::add)) {
            // Given
            services = stack.address().services();
            assertThat(StackAddress.find(settings.state())).contains(stack.address());
            assertThat(services)
                    .extracting(StackAddress.Service::name)
                    .containsExactly("scorer-1", "scorer-2", "pruner", "recoverer", "evaluator");
            assertThat(services).allMatch(service -> isAlive(service.pid()));
            assertThat(topics(stack.bootstrap()))
                    .containsAll(TopicCatalog.load("").topics().stream()
                            .map(topic -> topic.name())
                            .toList());
            assertThat(settings.log("pruner")).content().contains("ready for " + stack.bootstrap());

            // When
        }

        // Then
        assertThat(services).noneMatch(service -> isAlive(service.pid()));
        assertThat(StackAddress.find(settings.state())).isEmpty();
    }

    @Test
    void killedServicesAreStartedAgainOneOfTwoAsWellAsTheOnlyOneAndTheOthersStay() throws Exception {
        Files.createDirectories(settings.log("pruner").getParent());
        Files.writeString(settings.log("pruner"), "of an earlier stack\n");
        try (LocalStack stack = LocalStack.start(settings, said::add)) {
            // Given
            StackAddress before = stack.address();

            // When
            kill(stack, "scorer-1");
            kill(stack, "pruner");

            // Then
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> said.containsAll(List.of("scorer-1 is ready again", "pruner is ready again")));
            assertThat(said)
                    .contains("pruner was stopped by signal 9 (SIGKILL); see %s; it is started again in 1 s"
                            .formatted(settings.log("pruner")));
            StackAddress after = stack.address();
            assertThat(after.services()).allMatch(service -> isAlive(service.pid()));
            for (int i : new int[] {SCORER_1, PRUNER}) {
                assertThat(after.services().get(i).pid())
                        .isNotEqualTo(before.services().get(i).pid());
            }
            for (int i : new int[] {SCORER_2, EVALUATOR}) {
                assertThat(after.services().get(i)).isEqualTo(before.services().get(i));
            }
            assertThat(after.services())
                    .extracting(StackAddress.Service::http, StackAddress.Service::grpc)
                    .containsExactlyElementsOf(before.services().stream()
                            .map(service -> tuple(service.http(), service.grpc()))
                            .toList());
            assertThat(StackAddress.find(settings.state())).contains(after);
            String ready = "ready for " + stack.bootstrap();
            assertThat(settings.log("pruner")).hasContent("of an earlier stack\n" + ready + "\n" + ready);
        }
    }

    @Test
    void aServiceThatCannotStartIsNamedWithItsLogAndTheOthersEnd() throws Exception {
        // Given
        Files.createFile(settings.models().resolve("broken"));

        // When / Then
        assertThatThrownBy(() -> LocalStack.start(settings, said::add))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("scorer-1 stopped with exit code 42")
                .hasMessageContaining(settings.log("scorer-1").toString());
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void aSecondStackOnTheSameFolderIsRefusedAndLeavesTheFirstAlone() throws Exception {
        try (LocalStack first = LocalStack.start(settings, said::add)) {
            // When / Then
            assertThatThrownBy(() -> LocalStack.start(settings, said::add))
                    .isInstanceOf(CommandFailure.class)
                    .hasMessageContaining("another stack runs");
            assertThat(first.address().services()).allMatch(service -> isAlive(service.pid()));
            assertThat(StackAddress.find(settings.state())).contains(first.address());
        }
    }

    @Test
    void theLogOfARunningStackStaysWhereItIsWhenASecondOneIsRefused() throws Exception {
        try (LocalStack first = LocalStack.start(settings, said::add)) {
            // Given
            Path log = settings.log("broker");
            Files.writeString(log, "of the first stack\n");

            // When
            Process second = up();
            int exitCode = second.waitFor();

            // Then
            assertThat(exitCode).isEqualTo(ExitCode.UNREACHABLE);
            assertThat(home.resolve("up.log")).content().contains("another stack runs");
            assertThat(log).hasContent("of the first stack");
            assertThat(log.resolveSibling("broker.log.1")).doesNotExist();
            assertThat(first.address().services()).allMatch(service -> isAlive(service.pid()));
        }
    }

    @Test
    void aDamagedLogIsRefusedAndKeptWhenANewOneIsAskedFor() throws Exception {
        // Given
        try (LocalStack stack = LocalStack.start(settings, said::add)) {
            assertThat(topics(stack.bootstrap())).contains("job-events");
        }
        Path segment = settings.brokerFolder().resolve("log/__cluster_metadata-0/00000000000000000000.log");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[bytes.length / 2] ^= 1;
        Files.write(segment, bytes);

        // When / Then
        assertThatThrownBy(() -> LocalStack.start(settings, said::add))
                .isInstanceOfSatisfying(CommandFailure.class, failure -> assertThat(failure.line())
                        .startsWith("LOG_DAMAGED: Kafka's log in " + settings.brokerFolder())
                        .contains("--new-log", "--from-artifacts " + settings.artifacts()));
        assertThat(said).anyMatch(line -> line.startsWith("__cluster_metadata-0: the last "));
        assertThat(segment).hasBinaryContent(bytes);

        Path kept = LocalStack.setLogAside(settings).orElseThrow();
        assertThat(kept.resolve(settings.brokerFolder().relativize(segment))).hasBinaryContent(bytes);
        try (LocalStack stack = LocalStack.start(settings, said::add)) {
            assertThat(topics(stack.bootstrap())).contains("job-events");
        }
    }

    @Test
    void anEndedCommandLeavesNoProcessBehind() throws Exception {
        // Given
        Process up = up();
        StackAddress stack = Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> StackAddress.find(settings.state()), found -> found.isPresent())
                .orElseThrow();

        // When
        up.destroy();

        // Then
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !up.isAlive());
        assertThat(stack.services()).noneMatch(service -> isAlive(service.pid()));
        assertThat(settings.state().resolve("up.json")).doesNotExist();
    }

    @Test
    void aKilledCommandLeavesNoProcessBehind() throws Exception {
        // Given
        Process up = up();
        StackAddress stack = Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> StackAddress.find(settings.state()), found -> found.isPresent())
                .orElseThrow();

        // When
        up.destroyForcibly();

        // Then
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> stack.services().stream()
                .noneMatch(service -> isAlive(service.pid())));
    }

    /** {@code espalier up} in a JVM of its own. */
    private Process up() throws Exception {
        ProcessBuilder command = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Despalier.home=" + home,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.espalier.cli.Espalier",
                        "up",
                        "--models=" + settings.models(),
                        "--artifacts=" + settings.artifacts())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("up.log").toFile());
        command.environment().put("ESPALIER_HOME", settings.state().toString());
        return command.start();
    }

    private static void kill(LocalStack stack, String name) {
        long pid = stack.address().services().stream()
                .filter(service -> service.name().equals(name))
                .findFirst()
                .orElseThrow()
                .pid();
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    private static Iterable<String> topics(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            return admin.listTopics().names().get();
        }
    }
}
