package io.espalier.model.search;

import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Search spaces over all layers of a tiny checkpoint. */
public final class Spaces {
    private Spaces() {}

    /** Units go in random order, in any number. */
    public static SearchSpace random(Checkpoint dense) {
        SplittableRandom random = new SplittableRandom(3);
        List<LayerShape> shapes = dense.config().layers();
        Map<Integer, UnitScores> scores = new HashMap<>();
        for (int layer = 0; layer < shapes.size(); layer++) {
            scores.put(
                    layer,
                    new UnitScores(
                            random.doubles(shapes.get(layer).attentionUnits()).toArray(),
                            random.doubles(shapes.get(layer).ffnChannels()).toArray()));
        }
        return new SearchSpace(
                dense, new LayerScope(0, shapes.size()), new UnitRounding(1), scores, MemoryBudget.DEFAULT);
    }
}
