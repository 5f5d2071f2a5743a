package io.espalier.benchmarks;

import io.espalier.benchmarks.measure.FreshJvm;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.report.OutcomeTable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Computes twice the draws of {@code --draws}, first with one scorer and then with two, each of which takes half. A
 * scorer has one thread.
 */
final class TwoWorkers {
    /** The time that both processes get to start and to read the model once. */
    private static final Duration WARM_UP = Duration.ofSeconds(10);

    private final BenchOptions options;

    TwoWorkers(BenchOptions options) {
        this.options = options;
    }

    void print() throws IOException {
        Work work = options.work(0).withThreads(1);
        int half = work.lastDraw();
        double alone = seconds(List.of(draws(work.withDraws(0, 2 * half))));
        Work together = work.startingAt(System.currentTimeMillis() + WARM_UP.toMillis());
        List<CompletableFuture<Measured>> workers = List.of(
                CompletableFuture.supplyAsync(() -> draws(together.withDraws(0, half))),
                CompletableFuture.supplyAsync(() -> draws(together.withDraws(half, 2 * half))));
        double shared = seconds(workers.stream().map(CompletableFuture::join).toList());
        System.out.println(new OutcomeTable()
                .row("two scorers of one thread / one", alone / shared, Goals.TWO_WORKERS)
                .row("one scorer, seconds", alone, null)
                .row("two scorers, seconds", shared, null));
    }

    private static Measured draws(Work work) {
        return new FreshJvm().run(Measure.DRAWS, work);
    }

    /** The seconds from the first start to the last end. */
    private static double seconds(List<Measured> workers) {
        double start = workers.stream()
                .mapToDouble(worker -> worker.get("start"))
                .min()
                .orElseThrow();
        return workers.stream().mapToDouble(worker -> worker.get("end")).max().orElseThrow() - start;
    }
}
