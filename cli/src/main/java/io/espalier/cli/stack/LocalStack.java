package io.espalier.cli.stack;

import io.espalier.cli.CommandFailure;
import io.espalier.pipeline.topic.TopicCatalog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * The whole pipeline on this machine: the broker in this JVM, each service a child JVM.
 *
 * <p>Ends together: {@link #close} and the end of this process, Ctrl-C included, stop the children, then the broker;
 * when this process is killed outright, the children notice that their parent is gone.
 */
public final class LocalStack implements AutoCloseable {
    private static final Duration READY = Duration.ofMinutes(2);
    private static final Duration STOP = Duration.ofSeconds(10);

    private final StackSettings settings;
    private final StateLock lock;
    private final List<ServiceProcess> services = new ArrayList<>();
    private final Thread atExit = new Thread(this::stop, "stop-local-stack");
    private @Nullable EmbeddedBroker broker;
    private boolean stopped;

    private LocalStack(StackSettings settings, StateLock lock) {
        this.settings = settings;
        this.lock = lock;
    }

    /**
     * Starts broker and services; returns when every service says that it is ready.
     *
     * @param say hears what is being started
     * @throws CommandFailure if the folder is in use or a service does not come up
     */
    public static LocalStack start(StackSettings settings, Consumer<String> say)
            throws IOException, InterruptedException {
        LocalStack stack = new LocalStack(settings, StateLock.acquire(settings.state()));
        Runtime.getRuntime().addShutdownHook(stack.atExit);
        try {
            stack.startBroker(say);
            stack.startServices(say);
            stack.address().write(settings.state());
            return stack;
        } catch (IOException | InterruptedException | RuntimeException e) {
            stack.close();
            throw e;
        }
    }

    public synchronized StackAddress address() {
        List<StackAddress.Service> addresses = services.stream()
                .map(service -> new StackAddress.Service(
                        service.launch().name(),
                        service.pid(),
                        service.launch().http().toString(),
                        "127.0.0.1:" + ServiceLaunches.grpcPort(service.launch()),
                        service.launch().log().toString()))
                .toList();
        return new StackAddress(
                ProcessHandle.current().pid(), bootstrap(), settings.artifacts().toString(), addresses);
    }

    /** {@code host:port} of the broker. */
    public synchronized String bootstrap() {
        if (broker == null) {
            throw new IllegalStateException("the broker does not run");
        }
        return broker.bootstrap();
    }

    /** @throws CommandFailure when a service has no living process left; others of its kind take over its work */
    public synchronized void requireEveryService() {
        for (ServiceProcess service : services) {
            boolean someAlive = services.stream()
                    .anyMatch(other -> other.isAlive()
                            && other.launch().service().equals(service.launch().service()));
            if (!someAlive && !stopped) {
                throw service.stopped();
            }
        }
    }

    @Override
    public void close() {
        stop();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The process is ending: the hook has run or is about to find nothing left to do.
            return;
        }
    }

    private void startBroker(Consumer<String> say) throws IOException {
        say.accept("starting Kafka in " + settings.brokerFolder());
        if (settings.forget()) {
            EmbeddedBroker.erase(settings.brokerFolder());
        }
        EmbeddedBroker started = EmbeddedBroker.start(settings.brokerFolder());
        synchronized (this) {
            broker = started;
        }
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, started.bootstrap()))) {
            TopicCatalog.load("").createMissing(admin, 1);
        }
    }

    private void startServices(Consumer<String> say) throws IOException, InterruptedException {
        Utils.delete(settings.temporaryFolder().toFile());
        Files.createDirectories(settings.temporaryFolder());
        Files.createDirectories(settings.artifacts());
        for (ServiceProcess.Launch launch : ServiceLaunches.of(settings, bootstrap())) {
            say.accept("starting " + launch.name());
            startService(launch);
        }
        HttpClient client = HttpClient.newBuilder().connectTimeout(STOP).build();
        for (ServiceProcess service : List.copyOf(services)) {
            service.awaitReady(client, READY);
        }
        say.accept("all services are ready");
    }

    /** Under the lock, so that no child is started behind the back of a stop. */
    private synchronized void startService(ServiceProcess.Launch launch) throws IOException {
        if (stopped) {
            throw CommandFailure.unreachable("the stack was stopped while it started");
        }
        services.add(ServiceProcess.start(launch));
    }

    /** Services before the broker: they say goodbye to it. */
    private synchronized void stop() {
        if (stopped) {
            return;
        }
        stopped = true;
        try (lock) {
            StackAddress.delete(settings.state());
            services.forEach(ServiceProcess::requestStop);
            services.forEach(service -> service.awaitStop(STOP));
            if (broker != null) {
                broker.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot let go of the state folder " + settings.state(), e);
        }
    }
}
