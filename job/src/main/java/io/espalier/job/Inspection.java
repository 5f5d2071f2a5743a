package io.espalier.job;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Computation;
import io.espalier.model.transformer.LayerScope;
import java.util.List;
import java.util.Map;

/**
 * What was found out about the inputs of a job before any compute; every later task relies on it.
 *
 * @param layers dense shapes
 * @param parameters of the dense model
 * @param modelSha256 of config and weights
 * @param calibrationWindows windows there are, at most as many as asked for
 * @param firstLayer first layer to prune
 * @param lastLayer after the last layer to prune
 * @param threads threads every task of the job computes with, so that any worker gives the same bytes
 * @param computation type of products and memory budget of every task
 * @param profile engine, device and instruction set of the inspecting worker
 */
public record Inspection(
        String family,
        List<LayerShape> layers,
        long parameters,
        String modelSha256,
        String calibrationSha256,
        String evaluationSha256,
        int calibrationWindows,
        int evaluationWindows,
        int firstLayer,
        int lastLayer,
        int threads,
        Computation computation,
        Map<String, String> profile) {
    public Inspection {
        layers = List.copyOf(layers);
        profile = Map.copyOf(profile);
    }

    /** The layers to prune. */
    public LayerScope scope() {
        return new LayerScope(firstLayer, lastLayer);
    }
}
