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
 * One task that takes the calibration windows through the whole model and scores each layer as it passes it, because a
 * layer depends on others. Whoever takes the task over continues from where another worker stopped.
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

    /** @param position folder of this pass alone, in which it saves how far it came */
    void run(Inputs inputs, Path position, Progress progress);

    /**
     * What a chain works with.
     *
     * @param windows [n][t] token ids of the calibration text
     * @param scope layers to score
     * @param seed of the job
     * @param statistics of all layers; null when the criterion needs none
     * @param draws gradient estimated from zeroth-order draws; null when there is none
     * @param visitor hears each layer's scores as they are made
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
