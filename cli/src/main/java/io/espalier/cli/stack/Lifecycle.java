package io.espalier.cli.stack;

import io.espalier.cli.CommandFailure;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The parts of a whole: started in order, stopped in reverse order, each of them whatever becomes of the others.
 *
 * <p>The end of this process, Ctrl-C included, stops them too.
 */
final class Lifecycle implements AutoCloseable {
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final Thread atExit = new Thread(this::stop, "stop-local-stack");
    private boolean stopped;

    interface Starter<T extends AutoCloseable> {
        T start() throws IOException;
    }

    Lifecycle() {
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts a part. Whoever stops meanwhile waits, so that no part is started behind the back of a stop.
     *
     * @throws CommandFailure if all was stopped already
     */
    synchronized <T extends AutoCloseable> T start(Starter<T> starter) throws IOException {
        if (stopped) {
            throw CommandFailure.unreachable("the local stack was stopped while it started");
        }
        T part = starter.start();
        started.push(part);
        return part;
    }

    /** Stops what was started before this failure, to which it adds what fails on the way. */
    void undo(Throwable failure) {
        try {
            close();
        } catch (IllegalStateException alsoFailed) {
            failure.addSuppressed(alsoFailed);
        }
    }

    /**
     * Stops every part; a second call waits for the first.
     *
     * @throws IllegalStateException with the failures of all parts that could not be stopped
     */
    @Override
    public void close() {
        try {
            stop();
        } finally {
            forgetExit();
        }
    }

    private synchronized void stop() {
        stopped = true;
        IllegalStateException failures = new IllegalStateException("parts of the local stack could not be stopped");
        while (!started.isEmpty()) {
            stop(started.pop(), failures);
        }
        if (failures.getSuppressed().length > 0) {
            throw failures;
        }
    }

    private static void stop(AutoCloseable part, IllegalStateException failures) {
        try {
            part.close();
        } catch (Exception e) {
            failures.addSuppressed(e);
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // The process is ending: the hook has run or is about to find nothing left to do.
            return;
        }
    }
}
