package io.espalier.benchmarks.measure;

import java.util.Map;

/** Compares the plain streamed forward pass with the machine: with resident weights and with matrix products. */
final class ForwardMeasures {
    private ForwardMeasures() {}

    /**
     * Measures {@code resident_over_streamed} and {@code gemm_efficiency}. The first is the time with resident weights
     * divided by the streamed time, which is the streamed throughput as a share of the resident one; it is absent when
     * the weights do not fit into memory. The second is the FLOP/s of the streamed forward pass divided by those of the
     * best matrix product right after it.
     */
    static Measured forward(Work work) {
        try (ForwardPass pass = ForwardPass.open(work)) {
            Efficiency efficiency = Efficiency.of(pass, work.repetitions());
            Measured measured = new Measured(Map.of(
                    "forward_seconds", efficiency.seconds(),
                    "gemm_flops", efficiency.best(),
                    "gemm_efficiency", efficiency.ratio()));
            if (!ResidentForward.fits(pass)) {
                return measured;
            }
            try (ResidentForward resident = ResidentForward.load(pass)) {
                Alternation turns = Alternation.of(pass::run, () -> resident.run(pass.windows()), work.repetitions());
                return measured.with("resident_over_streamed", turns.ratio());
            }
        }
    }

    /** The FLOP/s of a forward pass divided by those of the best matrix product right after it. */
    private record Efficiency(double seconds, double best, double ratio) {
        static Efficiency of(ForwardPass pass, int repetitions) {
            double[] products = new double[repetitions];
            double[] ratios = new double[repetitions];
            double[] seconds = new double[repetitions];
            pass.run();
            for (int i = 0; i < repetitions; i++) {
                seconds[i] = Alternation.seconds(pass::run);
                products[i] = MatrixProducts.best(pass);
                ratios[i] = pass.flops() / seconds[i] / products[i];
            }
            return new Efficiency(
                    Alternation.median(seconds), Alternation.median(products), Alternation.median(ratios));
        }
    }

    /**
     * Measures the bounds of {@code gemm_efficiency}: {@code forward} is the share of the forward pass, {@code
     * products} the share of the matrix products of all layers alone, computed as the forward pass computes them.
     */
    static Measured products(ForwardPass opened, Work work) {
        try (ForwardPass pass = opened) {
            MatrixProducts.Layers layers = MatrixProducts.Layers.of(pass);
            double[] products = new double[work.repetitions()];
            Efficiency efficiency = Efficiency.of(pass, work.repetitions());
            for (int i = 0; i < products.length; i++) {
                products[i] = layers.flops() / Alternation.seconds(layers::run) / MatrixProducts.best(pass);
            }
            return new Measured(Map.of(
                    "gemm_flops", efficiency.best(),
                    "products", Alternation.median(products),
                    "forward", efficiency.ratio()));
        }
    }
}
