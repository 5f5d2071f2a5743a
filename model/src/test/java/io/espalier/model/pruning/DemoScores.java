package io.espalier.model.pruning;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.importance.ZerothOrder;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Unit scores of every layer of a small model, one list entry per layer, for any criterion. */
public final class DemoScores {
    /** Of which the zeroth-order gradient is made. */
    static final int DRAWS = 8;

    private final Checkpoint checkpoint;
    private final int[][] windows;
    private final LayerScope all;
    private final Path positions;
    private final InputStatistics statistics;
    /** By ratio: a pass that has run to its end in a folder visits no layer again. */
    private final Map<Double, List<UnitScores>> sequential = new HashMap<>();

    /** @param positions folder for what the passes save */
    public DemoScores(Checkpoint checkpoint, int[][] windows, Path positions) {
        this.checkpoint = checkpoint;
        this.windows = windows;
        this.all = new LayerScope(0, checkpoint.config().layers().size());
        this.positions = positions;
        this.statistics = InputStatistics.collect(checkpoint, windows, all, Progress.SILENT);
    }

    static Criterion taylor(String form) {
        return Criterion.named("taylor", CriterionOptions.usual().withForm(form));
    }

    /** By a criterion that needs no gradient. */
    List<UnitScores> forward(Criterion criterion, long seed) {
        return layers(criterion, seed, null);
    }

    /** By a criterion with the gradient that forward passes estimate. */
    List<UnitScores> zerothOrder(Criterion criterion, long seed) {
        ZerothOrder source = new ZerothOrder(seed, 1e-3, Distribution.named("rademacher"));
        return layers(
                criterion, seed, source.gradient(source.losses(checkpoint, windows, 0, DRAWS, all, Progress.SILENT)));
    }

    private List<UnitScores> layers(Criterion criterion, long seed, @Nullable GradientSource gradient) {
        return IntStream.range(all.first(), all.last())
                .mapToObj(layer -> LayerScorer.score(checkpoint, layer, List.of(criterion), seed, statistics, gradient)
                        .get(criterion.name()))
                .toList();
    }

    /** By several criteria with the exact gradient, in one backpropagation. */
    Map<String, List<UnitScores>> backprop(Map<String, Criterion> criteria) {
        Map<String, List<UnitScores>> scores = new LinkedHashMap<>();
        criteria.keySet().forEach(name -> scores.put(name, new ArrayList<>()));
        new Backprop(checkpoint, windows, all, true)
                .<LayerScores>run(
                        positions.resolve("backprop"),
                        (layer, weights, gradients) -> {
                            Map<String, UnitScores> half = new LinkedHashMap<>();
                            criteria.forEach((name, criterion) -> half.put(
                                    name,
                                    criterion.score(evidence(layer, weights).with(gradients))));
                            return new LayerScores(half);
                        },
                        (layer, attention, feedForward) -> attention
                                .joined(feedForward)
                                .sets()
                                // The last layer comes first.
                                .forEach((name, units) -> scores.get(name).add(0, units)),
                        Progress.SILENT);
        return scores;
    }

    private LayerEvidence evidence(LayerLayout layer, LayerWeights weights) {
        return new LayerEvidence(layer, weights, 0).with(statistics);
    }

    /** By the greedy order of removal. */
    public List<UnitScores> obs() {
        Criterion obs = Criterion.named("obs", 1);
        List<UnitScores> scores = new ArrayList<>();
        new HessianPass(checkpoint, windows, all, MemoryBudget.DEFAULT)
                .run(
                        positions.resolve("obs"),
                        (layer, weights, hessians) ->
                                scores.add(obs.score(evidence(layer, weights).with(hessians))),
                        Progress.SILENT);
        return scores;
    }

    /** By wanda-sp, each layer measured behind the layers that have lost their share. */
    List<UnitScores> sequentialWandaSp(double ratio) {
        return sequential.computeIfAbsent(ratio, this::behindPrunedLayers);
    }

    private List<UnitScores> behindPrunedLayers(double ratio) {
        Criterion criterion = Criterion.named("wanda-sp", 1);
        List<UnitScores> scores = new ArrayList<>();
        new SequentialPass(checkpoint, windows, all, criterion, new UnitRounding(1), ratio, 0, MemoryBudget.DEFAULT)
                .run(
                        positions.resolve("sequential-" + ratio),
                        (layer, found, removed) -> scores.add(found.of(criterion)),
                        Progress.SILENT);
        return scores;
    }

    /** What goes. */
    List<RemovedUnits> removed(
            List<UnitScores> scores, String allocation, boolean standardized, double ratio, Compensation compensation) {
        return Allocation.named(allocation, new UnitRounding(1), ModelLayout.of(checkpoint), standardized)
                .select(
                        new Budget.UnitRatio(ratio),
                        checkpoint.config().layers(),
                        all,
                        byLayer(scores),
                        new PrunedTensors(checkpoint, compensation));
    }

    /** @param scores one entry per layer, the first layer first */
    public static Map<Integer, UnitScores> byLayer(List<UnitScores> scores) {
        return IntStream.range(0, scores.size()).boxed().collect(Collectors.toMap(layer -> layer, scores::get));
    }
}
