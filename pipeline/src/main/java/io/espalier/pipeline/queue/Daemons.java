package io.espalier.pipeline.queue;

import java.util.concurrent.ThreadFactory;

/** Threads that keep no process alive. */
final class Daemons {
    private Daemons() {}

    static ThreadFactory named(String name) {
        return runnable -> {
            Thread thread = new Thread(runnable, name);
            thread.setDaemon(true);
            return thread;
        };
    }
}
