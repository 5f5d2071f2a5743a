package io.espalier.scorer.domain;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A strategy with one task for all layers, because the scores of a layer depend on other layers. The task sends the calibration
 * windows through the whole model and scores each layer on the way. A worker that takes the task over continues from the
 * position that the last one saved.
 */
sealed interface LayerChain extends ScoringStrategy
        permits HessianChain, UnitBackprop, MaskBackprop, SequentialUnits, DassChain {
    @Override
    default Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence) {
        return Optional.of(new ScoreStep.Run(
                ScoreStep.SCORING,
                List.of(new ScoreTask.Chain(evidence.statistics(), evidence.losses())),
                List.copyOf(layers)));
    }

    /**
     * Scores all layers.
     *
     * @param position folder in which only this pass saves its position
     */
    void run(Inputs inputs, Path position, Progress progress);

    /**
     * The inputs of a chain.
     *
     * @param windows token ids of the calibration windows, [n][t]
     * @param scope the layers to score
     * @param seed the seed of the job
     * @param statistics input statistics of all layers; null when the criterion needs none
     * @param draws the gradient estimate from zeroth-order draws; null when there are no draws
     * @param visitor receives each layer's scores as soon as they are computed
     */
    record Inputs(
            Checkpoint checkpoint,
            int[][] windows,
            LayerScope scope,
            MemoryBudget budget,
            long seed,
            LayerFiles files,
            @Nullable InputStatistics statistics,
            @Nullable GradientSource draws,
            Consumer<LayerScore> visitor) {
        LayerEvidence evidence(LayerLayout layer, LayerWeights weights) {
            return new LayerEvidence(layer, weights, seed).with(statistics);
        }
    }
}
