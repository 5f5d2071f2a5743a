package io.espalier.model.importance;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Scores one layer: reads its weights, applies criteria, frees them. */
public final class LayerScorer {
    private LayerScorer() {}

    /**
     * @param criteria for example a criterion and its controls
     * @param seed of the job
     * @param statistics needed when a criterion needs activations
     * @param gradient needed when a criterion needs one
     * @return scores under each criterion's name, in the order given
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

    /** Bytes held at most where gradients are rebuilt from draws, matrix by matrix. */
    public static long estimateBytes(Footprint footprint) {
        return footprint.layer() + Distribution.sumBytes(footprint);
    }

    /** The same for a layer that is in memory already, as {@link Backprop} and {@link HessianPass} visit it. */
    public static Map<String, UnitScores> score(List<Criterion> criteria, LayerEvidence evidence) {
        return scores(criteria, evidence).sets();
    }

    /** The same, with how far Hessians had to be damped. */
    public static LayerScores scores(List<Criterion> criteria, LayerEvidence evidence) {
        return criteria.stream()
                .map(criterion -> criterion.scored(evidence))
                .reduce(new LayerScores(Map.of()), LayerScores::and);
    }
}
