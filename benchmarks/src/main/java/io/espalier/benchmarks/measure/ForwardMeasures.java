package io.espalier.benchmarks.measure;

import java.util.Map;

/** The plain forward against the machine: memory and matrix products. */
final class ForwardMeasures {
    private ForwardMeasures() {}

    /**
     * {@code resident_over_streamed}: time with resident weights over time streamed, which is the streamed throughput as
     * a share of the resident one; absent when the weights do not fit. {@code gemm_efficiency}: FLOP/s of the streamed
     * forward over those of the best matrix product.
     */
    static Measured forward(Work work) {
        try (ForwardPass pass = ForwardPass.open(work)) {
            Measured measured;
            if (ResidentForward.fits(pass)) {
                try (ResidentForward resident = ResidentForward.load(pass)) {
                    Alternation turns =
                            Alternation.of(pass::run, () -> resident.run(pass.windows()), work.repetitions());
                    measured = new Measured(
                            Map.of("resident_over_streamed", turns.ratio(), "forward_seconds", turns.base()));
                }
            } else {
                measured = new Measured(Map.of(
                        "forward_seconds",
                        Alternation.of(pass::run, () -> {}, work.repetitions()).base()));
            }
            double best = MatrixProducts.best(pass);
            return measured.with("gemm_flops", best)
                    .with("gemm_efficiency", pass.flops() / measured.get("forward_seconds") / best);
        }
    }

    /**
     * What bounds {@code gemm_efficiency}: {@code products}, the same share for the products of all layers alone, made as
     * the forward makes them; and {@code forward}, that of the forward.
     */
    static Measured products(ForwardPass opened, Work work) {
        try (ForwardPass pass = opened) {
            double best = MatrixProducts.best(pass);
            MatrixProducts.Layers layers = MatrixProducts.Layers.of(pass);
            Alternation turns = Alternation.of(pass::run, layers::run, work.repetitions());
            return new Measured(Map.of(
                    "gemm_flops", best,
                    "products", layers.flops() / (turns.base() * turns.ratio()) / best,
                    "forward", pass.flops() / turns.base() / best));
        }
    }
}
