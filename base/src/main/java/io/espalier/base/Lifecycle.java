package io.espalier.base;

import java.util.ArrayDeque;
import java.util.Deque;

/** The parts of a whole: started in order, stopped in reverse order, each of them whatever becomes of the others. */
public final class Lifecycle implements AutoCloseable {
    private final String whole;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private boolean stopped;

    /** Starts a part, which {@link AutoCloseable#close} stops. */
    @FunctionalInterface
    public interface Starter<T extends AutoCloseable, E extends Exception> {
        T start() throws E;
    }

    /** @param whole what the parts make up, for messages: "the local stack" */
    public Lifecycle(String whole) {
        this.whole = whole;
    }

    /**
     * Starts a part. Whoever stops the whole meanwhile waits, so that no part is started behind the back of a stop.
     *
     * @throws IllegalStateException if the whole was stopped already
     */
    public synchronized <T extends AutoCloseable, E extends Exception> T start(Starter<T, E> starter) throws E {
        if (stopped) {
            throw new IllegalStateException(whole + " was stopped while it started");
        }
        T part = starter.start();
        started.push(part);
        return part;
    }

    /** Stops what was started before a failure; what fails on the way is added to that failure. */
    public void undo(Throwable failure) {
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
    public synchronized void close() {
        stopped = true;
        IllegalStateException failures = new IllegalStateException("parts of " + whole + " could not be stopped");
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
}
