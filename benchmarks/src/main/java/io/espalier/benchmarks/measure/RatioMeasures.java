package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.recovery.LocalDistillation;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.recovery.RecoveryWindows;
import io.espalier.model.recovery.TeacherPass;
import io.espalier.model.search.PriceEstimate;
import io.espalier.model.search.SearchSpace;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Measures the cost of gathering evidence as a multiple of a plain streamed forward pass over the same windows: {@code
 * ratio}.
 */
final class RatioMeasures {
    private static final double EPSILON = 1e-3;
    private static final int ROUND_TO = 32;
    private static final int STEPS = 2;

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

    /**
     * Prices of every level of every component from one backward pass: forward, backward, the Gram matrices of all output
     * projections, their factors, and the change of every token's output at every level. Units go in order of their index,
     * since the order costs nothing.
     */
    static Measured estimate(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            SearchSpace space = new SearchSpace(
                    pass.checkpoint(),
                    pass.everyLayer(),
                    new UnitRounding(ROUND_TO),
                    byIndex(pass.checkpoint().config().layers()),
                    pass.computation().budget());
            return ratio(
                    pass,
                    () -> ScratchFolder.use(work, position -> new PriceEstimate(space, pass.windows(), 1)
                            .run(position, Progress.SILENT)),
                    1,
                    work);
        }
    }

    /**
     * A step that trains adapters of rank 8 on all linear layers: forward, loss against the teacher, backward. The teacher's
     * own pass is not part of it. The model teaches itself, which costs as much as another teacher.
     */
    static Measured adapterStep(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            int batch = RecoveryWindows.of(pass.windows().length).trained().length;
            LoraTraining training =
                    new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, STEPS, batch, 1e-3, 0);
            return taught(
                    work,
                    pass,
                    (teacher, folder) -> new LoraDistillation(
                                    pass.checkpoint(),
                                    pass.checkpoint().config().layers().size(),
                                    pass.windows(),
                                    teacher,
                                    training,
                                    1,
                                    pass.computation().budget())
                            .run(folder, Progress.SILENT),
                    STEPS * batch);
        }
    }

    /** A step that trains one layer to imitate its teacher, per layer of the model. */
    static Measured localStep(Work work) {
        try (ForwardPass pass = ForwardPass.exact(work)) {
            int batch = RecoveryWindows.of(pass.windows().length).trained().length;
            int layers = pass.checkpoint().config().layers().size();
            return taught(
                    work,
                    pass,
                    (teacher, folder) -> new LocalDistillation(
                                    pass.checkpoint(),
                                    Set.of(),
                                    pass.windows(),
                                    teacher,
                                    new LocalTraining(false, STEPS, batch, 1e-3),
                                    1,
                                    pass.computation().budget())
                            .layer(layers / 2, folder, Progress.SILENT),
                    (double) STEPS * batch / layers);
        }
    }

    private interface Recovery {
        void run(Path teacher, Path folder);
    }

    /**
     * @param forwards how many windows a forward pass takes for the ratio to be 1
     */
    private static Measured taught(Work work, ForwardPass pass, Recovery recovery, double forwards) {
        Measured[] measured = new Measured[1];
        ScratchFolder.use(work, folder -> {
            new TeacherPass(
                            pass.checkpoint(),
                            pass.windows(),
                            pass.computation().budget())
                    .run(folder, Progress.SILENT);
            measured[0] = ratio(
                    pass,
                    () -> ScratchFolder.use(work, position -> recovery.run(folder, position)),
                    forwards / pass.windows().length,
                    work);
        });
        return measured[0];
    }

    private static Map<Integer, UnitScores> byIndex(List<LayerShape> shapes) {
        return IntStream.range(0, shapes.size())
                .boxed()
                .collect(Collectors.toMap(
                        layer -> layer,
                        layer -> new UnitScores(
                                ascending(shapes.get(layer).attentionUnits()),
                                ascending(shapes.get(layer).ffnChannels()))));
    }

    private static double[] ascending(int units) {
        return IntStream.range(0, units).asDoubleStream().toArray();
    }

    private static Measured ratio(ForwardPass pass, Runnable other, double shares, Work work) {
        Alternation turns = Alternation.of(pass::run, other, work.repetitions());
        return new Measured(Map.of("ratio", turns.ratio() / shares, "forward_seconds", turns.base()));
    }
}
