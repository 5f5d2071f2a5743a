package io.espalier.model.importance;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Scores the units of one decoder layer by some criteria. */
public final class LayerScorer {
    private LayerScorer() {}

    /**
     * Reads a layer's weights, scores its units and frees the weights.
     *
     * @param layer index of the layer
     * @param criteria the criteria, for example one criterion and its controls
     * @param seed the job's seed
     * @param statistics not null if a criterion needs activations
     * @param gradient not null if a criterion needs a gradient
     * @return the scores under each criterion's name, in the order of the criteria
     * @throws io.espalier.base.EspalierException {@code INTERNAL} when a criterion needs evidence that was not given
     */
    public static Map<String, UnitScores> score(
            Checkpoint checkpoint,
            int layer,
            List<Criterion> criteria,
            long seed,
            @Nullable InputStatistics statistics,
            @Nullable GradientSource gradient) {
        LayerLayout layout = ModelLayout.of(checkpoint).layers().get(layer);
        try (LayerWeights weights = LayerWeights.read(checkpoint, layout)) {
            return scores(
                            criteria,
                            new LayerEvidence(layout, weights, seed)
                                    .with(statistics)
                                    .with(gradient))
                    .sets();
        }
    }

    /** The most bytes held at once when the gradient estimate is rebuilt from its draws, one matrix at a time. */
    public static long estimateBytes(Footprint footprint) {
        return footprint.layer() + Distribution.sumBytes(footprint);
    }

    /**
     * Scores the units of a layer whose weights are in memory already, for example in a visitor of {@link HessianPass}.
     *
     * @return the scores under each criterion's name, in the order of the criteria
     */
    public static Map<String, UnitScores> score(List<Criterion> criteria, LayerEvidence evidence) {
        return scores(criteria, evidence).sets();
    }

    /** Scores the units of a layer in memory. The result includes the damping that the Hessians needed. */
    public static LayerScores scores(List<Criterion> criteria, LayerEvidence evidence) {
        return criteria.stream()
                .map(criterion -> criterion.scored(evidence))
                .reduce(new LayerScores(Map.of()), LayerScores::and);
    }
}
