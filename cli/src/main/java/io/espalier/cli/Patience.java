package io.espalier.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How long a command waits for the broker, which may be slow on a busy machine. A wait that takes long is announced.
 *
 * @param limit the longest time that one step of a command may take
 * @param silent time after which a wait is announced
 * @param say receives the line that names what the command waits for
 */
record Patience(Duration limit, Duration silent, Consumer<String> say) {
    static final int USUAL_SECONDS = 60;
    private static final Duration SILENT = Duration.ofSeconds(3);

    /** A wait that goes on until it is closed. */
    interface Wait extends AutoCloseable {
        @Override
        void close();
    }

    static Patience of(int seconds, Consumer<String> say) {
        return new Patience(Duration.ofSeconds(Math.max(1, seconds)), SILENT, say);
    }

    /** Begins a wait, which is announced if it goes on. */
    Wait waitFor(String what) {
        CompletableFuture<Void> announcement = CompletableFuture.runAsync(
                () -> say.accept("waiting for %s, at most %d s (--timeout)".formatted(what, limit.toSeconds())),
                CompletableFuture.delayedExecutor(silent.toMillis(), TimeUnit.MILLISECONDS));
        return () -> announcement.cancel(false);
    }
}
