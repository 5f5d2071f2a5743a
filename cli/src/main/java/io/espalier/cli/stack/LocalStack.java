package io.espalier.cli.stack;

import io.espalier.base.Lifecycle;
import io.espalier.cli.CommandFailure;
import io.espalier.pipeline.topic.TopicCatalog;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.utils.Utils;

/**
 * The whole pipeline on this machine. The broker runs in this JVM. Each service runs in a child JVM, which is started again when
 * it ends.
 *
 * <p>The parts of the stack stop together. {@link #close} and the end of this process, also by Ctrl-C, stop the children and
 * then the broker. If this process is killed, the children notice it and end by themselves.
 */
public final class LocalStack implements AutoCloseable {
    private static final Duration READY = Duration.ofMinutes(2);
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final int MOST_DAMAGES = 20;
    private static final String NEW_LOG =
            "If the files of its log are damaged, `espalier up --new-log` starts with an empty one and keeps them";

    private final StackSettings settings;
    private final Lifecycle parts;
    private final Thread atExit;
    private final EmbeddedBroker broker;
    private final Supervisor services;

    private LocalStack(
            StackSettings settings, Lifecycle parts, Thread atExit, EmbeddedBroker broker, Supervisor services) {
        this.settings = settings;
        this.parts = parts;
        this.atExit = atExit;
        this.broker = broker;
        this.services = services;
    }

    /**
     * Starts the broker and the services, and returns when every service is ready.
     *
     * @param say receives a line for each part that starts, and later for each service that ends or is started again
     * @throws CommandFailure if another stack uses the folder or a service does not become ready
     */
    public static LocalStack start(StackSettings settings, Consumer<String> say)
            throws IOException, InterruptedException {
        Lifecycle parts = new Lifecycle("the local stack");
        Thread atExit = new Thread(parts::close, "stop-local-stack");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            parts.start(() -> StateLock.acquire(settings.state()));
            LogFiles.setAside(settings.log("broker"));
            say.accept("starting Kafka in " + settings.brokerFolder());
            EmbeddedBroker broker = parts.start(() -> startBroker(settings, say));
            createTopics(broker);
            Supervisor services = parts.start(() -> new Supervisor(rules(say)));
            LocalStack stack = new LocalStack(settings, parts, atExit, broker, services);
            stack.startServices(say);
            return stack;
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            parts.undo(e);
            forget(atExit);
            throw e;
        }
    }

    /**
     * Moves the broker's log out of the way, so that the next stack on the folder starts with an empty one.
     *
     * @return where the log lies now; empty if there was none
     * @throws CommandFailure if a stack uses the folder
     */
    public static Optional<Path> setLogAside(StackSettings settings) throws IOException {
        try (StateLock lock = StateLock.acquire(settings.state())) {
            Path log = settings.brokerFolder();
            if (!Files.exists(log)) {
                return Optional.empty();
            }
            int number = 1;
            while (Files.exists(log.resolveSibling(log.getFileName() + "." + number))) {
                number++;
            }
            return Optional.of(Files.move(log, log.resolveSibling(log.getFileName() + "." + number)));
        }
    }

    /** The present addresses. When a service is started again, its process id changes. Its ports change only if another process
     * has taken them. */
    public StackAddress address() {
        List<StackAddress.Service> addresses = services.services().stream()
                .map(service -> new StackAddress.Service(
                        service.launch().name(),
                        service.pid(),
                        service.launch().http().toString(),
                        service.launch().http().getAuthority(),
                        service.launch().log().toString()))
                .toList();
        return new StackAddress(
                ProcessHandle.current().pid(), bootstrap(), settings.artifacts().toString(), addresses);
    }

    /** The broker's {@code host:port}. */
    public String bootstrap() {
        return broker.bootstrap();
    }

    @Override
    public void close() {
        try {
            parts.close();
        } finally {
            forget(atExit);
        }
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The process is ending. The hook has already run, or will run and have nothing left to stop.
            return;
        }
    }

    private static EmbeddedBroker startBroker(StackSettings settings, Consumer<String> say) throws IOException {
        if (settings.once()) {
            EmbeddedBroker.erase(settings.brokerFolder());
        }
        refuseDamage(settings, say);
        EmbeddedBroker.announceFatalEnd(
                line -> say.accept("%s; see %s. %s".formatted(line, settings.log("broker"), NEW_LOG)));
        try {
            return EmbeddedBroker.start(settings.brokerFolder());
        } catch (RuntimeException e) {
            throw CommandFailure.unreachable(
                    "Kafka cannot start in %s (%s); see %s. %s"
                            .formatted(settings.brokerFolder(), e.getMessage(), settings.log("broker"), NEW_LOG),
                    e);
        }
    }

    /** A broker on a damaged log would lose more: it drops what follows the damage, and jobs go on from a state that never was. */
    private static void refuseDamage(StackSettings settings, Consumer<String> say) throws IOException {
        List<String> damages = EmbeddedBroker.damages(settings.brokerFolder());
        if (damages.isEmpty()) {
            return;
        }
        damages.stream().limit(MOST_DAMAGES).forEach(say);
        if (damages.size() > MOST_DAMAGES) {
            say.accept("… and %d more".formatted(damages.size() - MOST_DAMAGES));
        }
        throw CommandFailure.damagedLog(
                "Kafka's log in %s is damaged in %d places, named above; nothing was started and nothing changed. Restore the folder from a copy, or run `espalier up --new-log`: it keeps the damaged log beside an empty new one. Then `espalier jobs --from-artifacts %s` lists what was completed; send all other requests again"
                        .formatted(settings.brokerFolder(), damages.size(), settings.artifacts()));
    }

    private static void createTopics(EmbeddedBroker broker) {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()))) {
            TopicCatalog.load("").createMissing(admin, 1);
        }
    }

    private static SupervisedService.Rules rules(Consumer<String> say) {
        HttpClient http = HttpClient.newBuilder().connectTimeout(STOP).build();
        return new SupervisedService.Rules(Backoff.USUAL, READY, STOP, http, say);
    }

    /**
     * Starts the services and then publishes the addresses. The parts stop in reverse order, so the address file is deleted before
     * the services end, and they end while the broker still runs.
     */
    private void startServices(Consumer<String> say) throws IOException, InterruptedException {
        Utils.delete(settings.temporaryFolder().toFile());
        Files.createDirectories(settings.temporaryFolder());
        Files.createDirectories(settings.artifacts());
        services.start(ServiceLaunches.of(settings, bootstrap()));
        AddressFile file = parts.start(() -> AddressFile.publish(settings.state(), this::address));
        services.keepRunning(() -> update(file, say));
        say.accept("all services are ready");
    }

    private void update(AddressFile file, Consumer<String> say) {
        try {
            file.update();
        } catch (IOException e) {
            say.accept(
                    "cannot write the addresses of the stack into %s: %s".formatted(settings.state(), e.getMessage()));
        }
    }
}
