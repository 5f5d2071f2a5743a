package io.espalier.benchmarks;

import io.espalier.benchmarks.measure.FreshJvm;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.measure.Work;
import io.espalier.benchmarks.report.OutcomeTable;
import java.io.IOException;

/** Compares the FLOP/s of a forward pass, and of its matrix products alone, with those of the best matrix product. */
final class ProductBounds {
    private static final double GIGA = 1e9;

    private final BenchOptions options;

    ProductBounds(BenchOptions options) {
        this.options = options;
    }

    void print() throws IOException {
        Work work = options.work(0);
        OutcomeTable table = new OutcomeTable();
        rows(table, "auto", new FreshJvm().run(Measure.PRODUCTS, work));
        rows(table, "fp32", new FreshJvm().run(Measure.PRODUCTS_EXACT, work));
        System.out.println(table);
    }

    private static void rows(OutcomeTable table, String type, Measured measured) {
        table.row(type + ": best product, GFLOP/s", measured.get("gemm_flops") / GIGA, null)
                .row(type + ": products of all layers alone / best", measured.get("products"), null)
                .row(type + ": forward / best", measured.get("forward"), null);
    }
}
