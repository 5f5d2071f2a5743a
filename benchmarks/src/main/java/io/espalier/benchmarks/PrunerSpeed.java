package io.espalier.benchmarks;

import io.espalier.benchmarks.measure.FreshJvm;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.report.OutcomeTable;
import java.io.IOException;

/** Measures how fast the pruner without a repair reads and writes bytes. */
final class PrunerSpeed {
    private static final double MEGABYTE = 1e6;

    private final BenchOptions options;

    PrunerSpeed(BenchOptions options) {
        this.options = options;
    }

    void print() throws IOException {
        Work work = options.work(2);
        Measured measured = new FreshJvm().run(Measure.COPY, work);
        System.out.println(new OutcomeTable()
                .row("pruner's bytes per second / cp's", measured.get("pruner_over_copy"), Goals.PRUNER_OVER_COPY)
                .row("cp, MB read and written per second", measured.get("copy_bytes_per_second") / MEGABYTE, null)
                .row("pruner, seconds", measured.get("seconds"), null));
    }
}
