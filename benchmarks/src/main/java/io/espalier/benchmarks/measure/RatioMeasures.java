package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.ZerothOrder;
import java.util.Map;

/**
 * Measures the cost of gathering evidence as a multiple of a plain streamed forward pass over the same windows: {@code
 * ratio}.
 */
final class RatioMeasures {
    private static final double EPSILON = 1e-3;

    private RatioMeasures() {}

    /** Statistics of every linear layer's input. Logits are not needed and not computed. */
    static Measured activation(Work work) {
        try (ForwardPass pass = ForwardPass.open(work)) {
            return ratio(
                    pass,
                    () -> InputStatistics.collect(
                            pass.checkpoint(), pass.windows(), pass.everyLayer(), pass.computation(), Progress.SILENT),
                    1,
                    work);
        }
    }

    /** The two losses of a zeroth-order draw. The ratio is per draw. */
    static Measured zerothOrder(Work work, Distribution distribution, int draws) {
        ZerothOrder zerothOrder = new ZerothOrder(1, EPSILON, distribution);
        try (ForwardPass pass = ForwardPass.open(work)) {
            return ratio(
                    pass,
                    () -> zerothOrder.losses(
                            pass.checkpoint(),
                            pass.windows(),
                            0,
                            draws,
                            pass.everyLayer(),
                            pass.computation(),
                            Progress.SILENT),
                    draws,
                    work);
        }
    }

    /**
     * Gradients of every linear layer's weights in fp32, with the hidden states saved at each layer. The forward pass
     * it is compared with is fp32 too. The criterion's own arithmetic is not measured.
     */
    static Measured backprop(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            Backprop backprop = new Backprop(pass.checkpoint(), pass.windows(), pass.everyLayer(), false);
            return ratio(
                    pass,
                    () -> ScratchFolder.use(
                            work,
                            position -> backprop.run(
                                    position,
                                    (layer, weights, gradients) -> layer,
                                    (layer, attention, feedForward) -> {},
                                    Progress.SILENT)),
                    1,
                    work);
        }
    }

    private static Measured ratio(ForwardPass pass, Runnable other, int shares, Work work) {
        Alternation turns = Alternation.of(pass::run, other, work.repetitions());
        return new Measured(Map.of("ratio", turns.ratio() / shares, "forward_seconds", turns.base()));
    }
}
