package io.espalier.model.checkpoint;

import io.espalier.model.Background;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes a tensor while the next one is made; no more than these two are in memory. */
public final class WriteBehind implements AutoCloseable {
    private final CheckpointWriter out;
    private @Nullable CompletableFuture<Void> writing;

    public WriteBehind(CheckpointWriter out) {
        this.out = out;
    }

    /**
     * Takes a tensor once what came before is written.
     *
     * @param release frees the bytes; runs whatever becomes of them
     * @throws io.espalier.model.EspalierException {@code DISK_FULL}, for what came before
     */
    public void write(String name, ByteBuffer bytes, Runnable release) {
        try {
            settle();
        } catch (RuntimeException e) {
            release.run();
            throw e;
        }
        writing = out.later(() -> out.write(name, bytes)).whenComplete((written, failed) -> release.run());
    }

    /** Takes anything else that writes to the same checkpoint, under the same condition. */
    public void write(Consumer<CheckpointWriter> work) {
        settle();
        writing = out.later(() -> work.accept(out));
    }

    /** Waits for what was taken last, under the same condition. */
    public void settle() {
        CompletableFuture<Void> last = writing;
        writing = null;
        if (last != null) {
            Background.join(last);
        }
    }

    @Override
    public void close() {
        settle();
    }
}
