package io.espalier.benchmarks;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.benchmarks.measure.FreshJvm;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.measure.Measuring;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.report.BenchResult;
import io.espalier.benchmarks.report.OutcomeTable;
import io.espalier.benchmarks.shape.Shape;
import java.io.IOException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Measures the time of every source of evidence and of every stage as a multiple of a plain forward pass, and their
 * memory as a multiple of the model's size.
 */
final class Comparison {
    private static final Set<Measure> ALL = EnumSet.complementOf(EnumSet.of(
            Measure.COPY, Measure.DRAWS, Measure.PRODUCTS, Measure.PRODUCTS_EXACT, Measure.PRUNER_OWN_TARGET));

    private final BenchOptions options;

    Comparison(BenchOptions options) {
        this.options = options;
    }

    void print() throws IOException {
        Set<Measure> wanted = wanted(options.only());
        Work work = options.work(1);
        BenchResult result = measure(options.shape(), work, wanted, new FreshJvm());
        System.out.println(options.json() ? result.json() : OutcomeTable.of(result));
    }

    private static Set<Measure> wanted(List<String> names) {
        Set<Measure> wanted = EnumSet.copyOf(ALL);
        wanted.removeIf(measure -> !names.isEmpty() && !names.contains(measure.spelled()));
        if (wanted.isEmpty()) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--only: %s names no measure; there are %s"
                            .formatted(names, ALL.stream().map(Measure::spelled).collect(Collectors.joining(", "))));
        }
        return wanted;
    }

    /** All measurements that the JSON object needs. */
    static BenchResult measure(Shape shape, Work work, Measuring measuring) {
        return measure(shape, work, ALL, measuring);
    }

    private static BenchResult measure(Shape shape, Work work, Set<Measure> wanted, Measuring measuring) {
        Map<Measure, Measured> measured = new EnumMap<>(Measure.class);
        for (Measure measure : wanted) {
            System.err.println("measuring " + measure.spelled());
            measured.put(measure, measuring.run(measure, windowsOf(measure, work)));
        }
        return BenchResult.of(shape, threads(measured), measured);
    }

    /** Backpropagation runs with its published setting of 10 samples; the others run with 8. */
    private static Work windowsOf(Measure measure, Work work) {
        boolean backprop = measure == Measure.BACKPROP || measure == Measure.SCORE_BACKPROP;
        return backprop ? work.withWindows((work.windows() * 5 + 3) / 4) : work;
    }

    private static int threads(Map<Measure, Measured> measured) {
        return (int) measured.values().iterator().next().get("threads");
    }
}
