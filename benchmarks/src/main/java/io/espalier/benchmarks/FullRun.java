package io.espalier.benchmarks;

import io.espalier.benchmarks.measure.FreshJvm;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.report.OutcomeTable;
import io.espalier.benchmarks.shape.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * A whole job without the pipeline: scoring with {@code wanda-sp} and with {@code fms}, pruning by the {@code fms} scores
 * with a least-squares repair, and evaluation. Each step runs in its own process.
 */
final class FullRun {
    private static final List<Measure> STEPS =
            List.of(Measure.SCORE_ACTIVATION, Measure.SCORE_ZEROTH_ORDER, Measure.PRUNER, Measure.EVALUATOR);
    private static final double GIGABYTE = 1e9;

    private final BenchOptions options;

    FullRun(BenchOptions options) {
        this.options = options;
    }

    void print() throws IOException {
        Work work = options.work(1);
        OutcomeTable table = new OutcomeTable();
        double highest = 0;
        for (Measure step : STEPS) {
            System.err.println("running " + step.spelled());
            Measured measured = new FreshJvm().run(step, work);
            highest = Math.max(highest, measured.get(Measured.PEAK) / GIGABYTE);
            String outcome = String.format(
                    Locale.ROOT,
                    "%.1f s, peak resident %.2f GB",
                    measured.get("seconds"),
                    measured.get(Measured.PEAK) / GIGABYTE);
            // A step can take many minutes, so each result is printed as soon as it is known.
            System.err.println(step.spelled() + ": " + outcome);
            table.row(step.spelled(), outcome);
        }
        System.out.println(table.row(
                "highest peak resident, GB",
                highest,
                options.shape() == Shape.LLAMA_7B ? Goals.FULL_RUN_GIGABYTES : null));
    }
}
