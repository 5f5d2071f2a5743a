package io.espalier.model.checkpoint;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Writes a tensor while the next one is made; no more than these two are in memory. */
public final class WriteBehind implements AutoCloseable {
    private final CheckpointWriter out;
    private @Nullable CompletableFuture<Void> writing;

    public WriteBehind(CheckpointWriter out) {
        this.out = out;
    }

    /**
     * Takes a tensor once the one before is written.
     *
     * @param release frees the bytes; runs whatever becomes of them
     * @throws io.espalier.model.EspalierException {@code DISK_FULL}, for the tensor before
     */
    public void write(String name, ByteBuffer bytes, Runnable release) {
        try {
            close();
        } catch (RuntimeException e) {
            release.run();
            throw e;
        }
        writing = out.writeLater(name, bytes).whenComplete((written, failed) -> release.run());
    }

    /** Waits for the last tensor, under the same condition. */
    @Override
    public void close() {
        CompletableFuture<Void> last = writing;
        writing = null;
        try {
            if (last != null) {
                last.join();
            }
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
