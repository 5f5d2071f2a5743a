package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.HessianPass;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.FfnRounding;
import io.espalier.model.pruning.SequentialPass;
import io.espalier.model.sparsity.DassPass;
import io.espalier.model.sparsity.Mask;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Scores every layer in one pass that continues from where another worker stopped.
 *
 * @param statistics of all layers; null when the criterion needs none
 * @param draws the zeroth-order gradient that exact ones are compared with; null when there is none
 * @param visitor hears each layer's scores as they are made
 */
record ScoreChain(
        JobSpec spec,
        Checkpoint checkpoint,
        int[][] windows,
        LayerScope scope,
        MemoryBudget budget,
        LayerFiles files,
        @Nullable InputStatistics statistics,
        @Nullable GradientSource draws,
        Consumer<LayerScore> visitor) {

    /** @param position folder of this pass alone */
    void run(Path position, Progress progress) {
        Target target = spec.pruning().target();
        if (target instanceof Target.Weights weights) {
            masks(weights, position, progress);
        } else if (target instanceof Target.Units units && units.sequential()) {
            sequential(units, position, progress);
        } else if (criterion().needsHessians()) {
            new HessianPass(checkpoint, windows, scope, budget)
                    .run(
                            position,
                            (layer, weights, hessians) -> visitor.accept(files.scored(
                                    layer.index(),
                                    scores(evidence(layer, weights).with(hessians)))),
                            progress);
        } else {
            new Backprop(checkpoint, windows, scope, criterion().needsBackprop(), Computation.exact(budget))
                    .<LayerScores>run(
                            position,
                            (layer, weights, gradients) ->
                                    scores(evidence(layer, weights).with(gradients)),
                            (layer, attention, feedForward) ->
                                    visitor.accept(files.scored(layer.index(), attention.joined(feedForward))),
                            progress);
        }
    }

    private LayerEvidence evidence(LayerLayout layer, LayerWeights weights) {
        return new LayerEvidence(layer, weights, spec.seed()).with(statistics);
    }

    private Criterion criterion() {
        return ScoreWork.criteria(spec).get(0);
    }

    private LayerScores scores(LayerEvidence evidence) {
        List<Criterion> criteria = ScoreWork.criteria(spec);
        if (draws == null) {
            return LayerScorer.scores(criteria, evidence);
        }
        Map<String, UnitScores> sets = new LinkedHashMap<>(LayerScorer.score(criteria, evidence.with(draws)));
        sets.put(criterion().name() + "/" + GradientSource.BACKPROP, criterion().score(evidence));
        return new LayerScores(sets);
    }

    private void masks(Target.Weights weights, Path position, Progress progress) {
        MaskCriterion criterion = MaskCriterion.named(spec.scoring().criterion());
        if (criterion.sequential()) {
            new DassPass(checkpoint, windows, weights.pattern(), weights.linears(), scope, budget)
                    .run(
                            position,
                            (layer, masks, norms) -> visitor.accept(files.masked(layer.index(), masks)),
                            progress);
            return;
        }
        new Backprop(checkpoint, windows, scope, true, Computation.exact(budget))
                .<Map<Linear, Mask>>run(
                        position,
                        (layer, read, gradients) -> criterion.masks(
                                evidence(layer, read).with(gradients), weights.pattern(), weights.linears()),
                        (layer, attention, feedForward) -> {
                            Map<Linear, Mask> masks = new LinkedHashMap<>(attention);
                            masks.putAll(feedForward);
                            visitor.accept(files.masked(layer.index(), masks));
                        },
                        progress);
    }

    private void sequential(Target.Units units, Path position, Progress progress) {
        double ratio = SequentialPass.check(criterion(), units.variants().get(0).budget(), units.allocation());
        new SequentialPass(
                        checkpoint,
                        windows,
                        scope,
                        criterion(),
                        new FfnRounding(units.roundTo()),
                        ratio,
                        spec.seed(),
                        budget)
                .run(
                        position,
                        (layer, scores, removed) -> visitor.accept(files.scored(layer.index(), scores)),
                        progress);
    }
}
