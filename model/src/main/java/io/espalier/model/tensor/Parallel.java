package io.espalier.model.tensor;

import io.espalier.model.Background;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Pieces of work side by side, each with an equal share of the engine's threads. Between two kernels a thread then waits
 * for nobody, and finds in its cache what it left there.
 */
public final class Parallel {
    /** Each holds what its piece computes. */
    public static final int WAYS = 2;

    /** They outlive the work, since what the engine keeps for each thread would otherwise pile up. */
    private static final Executor BESIDE = Executors.newCachedThreadPool(Background.threads("parallel"));

    private Parallel() {}

    /**
     * Does pieces [0, count) of work that share nothing they change, in any order; one after the other where the threads
     * cannot be shared out evenly. The caller is one lane itself: what the C library keeps for a thread is kept once less.
     */
    public static void each(int count, IntConsumer work) {
        Engine engine = Engine.started();
        int threads = engine.threads();
        if (count < WAYS || threads % WAYS != 0) {
            IntStream.range(0, count).forEach(work);
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Runnable lane = () -> {
            int before = engine.limitThreads(threads / WAYS);
            try {
                for (int piece = next.getAndIncrement(); piece < count; piece = next.getAndIncrement()) {
                    work.accept(piece);
                }
            } finally {
                // What failed or was cancelled here leaves nothing for the other to begin.
                next.set(count);
                engine.limitThreads(before);
            }
        };
        CompletableFuture<Void> beside = CompletableFuture.runAsync(lane, BESIDE);
        try {
            lane.run();
        } finally {
            Background.join(beside);
        }
    }
}
