package io.espalier.model.tensor;

import io.espalier.model.Background;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Runs independent pieces of work side by side, each with an equal share of the engine's threads. A kernel on few threads
 * spends less time waiting for its slowest thread, and each thread keeps its data in its cache.
 */
public final class Parallel {
    /** How many pieces run at the same time. Each of them needs memory for its own activations. */
    public static final int WAYS = 2;

    /** The threads are reused, because the engine never frees what it allocates for each thread that calls it. */
    private static final Executor WORKERS = Executors.newCachedThreadPool(Background.threads("parallel"));

    private Parallel() {}

    /**
     * Runs {@code work} for every index in [0, count), in any order. Two pieces must not change the same data. The pieces
     * run one after the other when the engine's threads cannot be divided evenly. The calling thread takes pieces too, so
     * that only one more thread, with the memory that the C library keeps for it, is needed.
     */
    public static void each(int count, IntConsumer work) {
        Engine engine = Engine.started();
        int threads = engine.threads();
        if (count < WAYS || threads % WAYS != 0) {
            IntStream.range(0, count).forEach(work);
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Runnable takePieces = () -> {
            int before = engine.limitThreads(threads / WAYS);
            try {
                for (int piece = next.getAndIncrement(); piece < count; piece = next.getAndIncrement()) {
                    work.accept(piece);
                }
            } finally {
                // After a failure or a cancellation on this thread, the other one starts no further piece.
                next.set(count);
                engine.limitThreads(before);
            }
        };
        CompletableFuture<Void> second = CompletableFuture.runAsync(takePieces, WORKERS);
        try {
            takePieces.run();
        } finally {
            Background.join(second);
        }
    }
}
