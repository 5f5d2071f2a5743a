package io.espalier.cli.stack;

import io.espalier.cli.CommandFailure;
import io.espalier.cli.stack.ServiceProcess.Launch;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One service of a stack. It runs as one process, and whenever that process ends, a new one is started.
 *
 * <pre>
 *   ready ── ends ──▶ waiting ──▶ starting ── ready ──▶ ready
 *                        ▲           │
 *                        └── ends ───┘
 * </pre>
 *
 * A stop ends the service in every state.
 */
final class SupervisedService {
    /** How often a process ends soon after its start before that is said loudly. */
    private static final int MANY = 10;

    /** How often the first process is started on other ports, because another process took its ports. */
    private static final int PORTS_TRIED = 3;

    private final Rules rules;
    private Launch launch;
    private ServiceProcess process;
    private @Nullable Thread keeper;
    private boolean stopped;

    /**
     * @param ready time limit for a process to become ready; after it the process has failed
     * @param stop time limit for a process to end after it was asked to; after it the process is killed
     * @param say receives a line for each event of the service
     */
    record Rules(Backoff backoff, Duration ready, Duration stop, HttpClient http, Consumer<String> say) {}

    /**
     * @param how description of how the process ended, with the path of its log
     * @param ready how long the process had been ready; zero if it never was
     */
    private record End(String how, Duration ready) {}

    private SupervisedService(Launch launch, Rules rules, ServiceProcess process) {
        this.launch = launch;
        this.rules = rules;
        this.process = process;
    }

    static SupervisedService start(Launch launch, Rules rules) throws IOException {
        Launch free = ServiceLaunches.portIsFree(launch) ? launch : ServiceLaunches.onAnotherPort(launch);
        return new SupervisedService(free, rules, ServiceProcess.start(free));
    }

    /** The launch of the newest process. */
    synchronized Launch launch() {
        return launch;
    }

    /** The process id of the newest process. */
    synchronized long pid() {
        return process.pid();
    }

    /**
     * Waits until the first process is ready. If another process took its ports before it listened on them, it is started again
     * on other ports.
     *
     * @throws CommandFailure when the process ends for another reason or is not ready in time
     */
    void awaitFirstReady() throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            ServiceProcess first = newest();
            try {
                first.awaitReady(rules.http(), rules.ready(), this::say);
                return;
            } catch (CommandFailure e) {
                if (first.isAlive() || ServiceLaunches.portIsFree(launch()) || tries == PORTS_TRIED) {
                    throw e;
                }
                replace();
            }
        }
    }

    /**
     * From now on starts the service again whenever it ends.
     *
     * @param replaced called after a new process of the service was started
     */
    synchronized void keepRunning(Runnable replaced) {
        if (stopped) {
            return;
        }
        keeper = new Thread(() -> keep(replaced), "keep-" + launch.name());
        keeper.setDaemon(true);
        keeper.start();
    }

    /** Asks the process to end, without waiting for it. No new process is started after this. */
    synchronized void requestStop() {
        stopped = true;
        if (keeper != null) {
            keeper.interrupt();
        }
        process.requestStop();
    }

    /** Waits for the process to end, and kills it after the time limit. */
    void awaitStop() {
        newest().awaitStop(rules.stop());
    }

    private void keep(Runnable replaced) {
        try {
            Duration wait = Duration.ZERO;
            int endsInARow = 0;
            End end = endOf(newest());
            while (true) {
                wait = rules.backoff().next(wait, end.ready());
                endsInARow = rules.backoff().isLong(end.ready()) ? 1 : endsInARow + 1;
                if (endsInARow % MANY == 0) {
                    say("%s DOES NOT STAY UP: it ended %d times in a row; jobs wait until it does; read %s"
                            .formatted(launch().name(), endsInARow, launch().log()));
                }
                say("%s; it is started again in %d s".formatted(end.how(), wait.toSeconds()));
                Thread.sleep(wait.toMillis());
                end = runAgain(replaced);
            }
        } catch (InterruptedException e) {
            // The service was stopped. The same stop request also ends its process, if there is one.
            return;
        }
    }

    /** Starts another process and returns when it has ended. */
    private End runAgain(Runnable replaced) throws InterruptedException {
        try {
            ServiceProcess another = replace();
            replaced.run();
            becomeReady(another);
            say(launch().name() + " is ready again");
            return endOf(another);
        } catch (IOException e) {
            return new End("%s cannot be started (%s)".formatted(launch().name(), e.getMessage()), Duration.ZERO);
        } catch (CommandFailure e) {
            return new End(String.valueOf(e.getMessage()), Duration.ZERO);
        }
    }

    /** Starts a new process. The method holds the lock, so that no process can start after a stop. */
    private synchronized ServiceProcess replace() throws IOException, InterruptedException {
        if (stopped) {
            throw new InterruptedException(launch.name() + " is stopped");
        }
        if (!ServiceLaunches.portIsFree(launch)) {
            launch = ServiceLaunches.onAnotherPort(launch);
            rules.say()
                    .accept("another process has taken the port of %s; it now has %s"
                            .formatted(launch.name(), launch.http()));
        }
        process = ServiceProcess.start(launch);
        return process;
    }

    /** Waits until a process is ready. If it does not become ready, it is ended before the next one is started. */
    private void becomeReady(ServiceProcess another) throws InterruptedException {
        try {
            another.awaitReady(rules.http(), rules.ready(), this::say);
        } catch (CommandFailure e) {
            another.requestStop();
            another.awaitStop(rules.stop());
            throw e;
        }
    }

    private static End endOf(ServiceProcess process) throws InterruptedException {
        long since = System.nanoTime();
        String how = process.awaitEnd();
        return new End(how, Duration.ofNanos(System.nanoTime() - since));
    }

    private synchronized ServiceProcess newest() {
        return process;
    }

    /** Reports an event, except while the service is being stopped on purpose. */
    private void say(String line) {
        synchronized (this) {
            if (stopped) {
                return;
            }
        }
        rules.say().accept(line);
    }
}
