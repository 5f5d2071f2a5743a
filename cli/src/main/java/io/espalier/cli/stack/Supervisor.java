package io.espalier.cli.stack;

import io.espalier.cli.CommandFailure;
import io.espalier.cli.stack.ServiceProcess.Launch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Starts the services of a stack together, keeps each of them running, and stops them together. */
final class Supervisor implements AutoCloseable {
    private final SupervisedService.Rules rules;
    private final List<SupervisedService> services = new ArrayList<>();
    private boolean stopped;

    Supervisor(SupervisedService.Rules rules) {
        this.rules = rules;
    }

    /**
     * Starts the services and returns when all of them are ready.
     *
     * @throws CommandFailure naming the first service that ends or is not ready in time; {@link #close} stops the others
     */
    void start(List<Launch> launches) throws IOException, InterruptedException {
        for (Launch launch : launches) {
            rules.say().accept("starting " + launch.name());
            start(launch);
        }
        for (SupervisedService service : services()) {
            service.awaitFirstReady();
        }
    }

    /**
     * From now on starts each service again whenever it ends.
     *
     * @param replaced called after a new process of a service was started
     */
    void keepRunning(Runnable replaced) {
        services().forEach(service -> service.keepRunning(replaced));
    }

    synchronized List<SupervisedService> services() {
        return List.copyOf(services);
    }

    /** Asks all services to end before it waits for the first one, so that they end at the same time. */
    @Override
    public void close() {
        synchronized (this) {
            stopped = true;
        }
        services().forEach(SupervisedService::requestStop);
        services().forEach(SupervisedService::awaitStop);
    }

    /** Starts a service. The method holds the lock, so that no service can start after a stop. */
    private synchronized void start(Launch launch) throws IOException {
        if (stopped) {
            throw CommandFailure.unreachable("the local stack was stopped while it started");
        }
        services.add(SupervisedService.start(launch, rules));
    }
}
