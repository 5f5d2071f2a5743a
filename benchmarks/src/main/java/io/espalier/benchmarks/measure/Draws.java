package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.DrawLosses;
import io.espalier.model.importance.ZerothOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Computes rank-one draws in tasks, as a scorer takes them from its queue. */
final class Draws {
    /** The number of draws in a task of the pipeline. */
    static final int A_TASK = 8;

    static final ZerothOrder RANK_ONE = new ZerothOrder(1, 1e-3, Distribution.RANK_ONE);

    private static final double MILLIS = 1000;

    private Draws() {}

    /**
     * Measures {@code start} and {@code end} of the work's draws, in seconds since the epoch. A first forward pass
     * warms up and is not measured.
     */
    static Measured run(Work work) {
        try (ForwardPass pass = ForwardPass.open(work)) {
            pass.run();
            sleepUntil(work.startAt());
            double start = System.currentTimeMillis() / MILLIS;
            losses(pass, work);
            return new Measured(Map.of("start", start, "end", System.currentTimeMillis() / MILLIS));
        }
    }

    /** Computes the losses of all draws of the work, task by task. */
    static List<DrawLosses> losses(ForwardPass pass, Work work) {
        List<DrawLosses> losses = new ArrayList<>();
        for (int first = work.firstDraw(); first < work.lastDraw(); first += A_TASK) {
            int last = Math.min(first + A_TASK, work.lastDraw());
            losses.addAll(RANK_ONE.losses(
                    pass.checkpoint(),
                    pass.windows(),
                    first,
                    last,
                    pass.everyLayer(),
                    pass.computation(),
                    Progress.SILENT));
        }
        return losses;
    }

    private static void sleepUntil(long millis) {
        try {
            Thread.sleep(Math.max(0, millis - System.currentTimeMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted before the work began", e);
        }
    }
}
