package io.espalier.pruner.domain;

import io.espalier.model.LayerShape;
import io.espalier.model.artifact.StoredFile;
import java.util.List;

/**
 * What a search chose for one checkpoint.
 *
 * @param output artifact folder that the checkpoint will have
 * @param shapes what is left of each layer of the model
 * @param candidates what was compared, the uniform shapes first
 * @param details all prices and all shapes that were compared, as JSON
 */
public record ChosenShapes(
        String output, List<LayerShape> shapes, List<SearchCandidate> candidates, StoredFile details) {
    public ChosenShapes {
        shapes = List.copyOf(shapes);
        candidates = List.copyOf(candidates);
    }
}
