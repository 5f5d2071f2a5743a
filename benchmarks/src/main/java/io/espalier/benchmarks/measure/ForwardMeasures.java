package io.espalier.benchmarks.measure;

import java.util.Map;

/** The plain forward against the machine: memory and matrix products. */
final class ForwardMeasures {
    private ForwardMeasures() {}

    /**
     * {@code resident_over_streamed}: time with resident weights over time streamed, which is the streamed throughput as
     * a share of the resident one; absent when the weights do not fit. {@code gemm_efficiency}: FLOP/s of the streamed
     * forward over those of the best matrix product right after it.
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

    /** FLOP/s of a forward over those of the best matrix product right after it. */
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
     * What bounds {@code gemm_efficiency}: {@code products}, the same share for the products of all layers alone, made as
     * the forward makes them; and {@code forward}, that of the forward.
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
