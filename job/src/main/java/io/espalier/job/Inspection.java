package io.espalier.job;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Computation;
import io.espalier.model.transformer.LayerScope;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the first task of a job found out about its inputs. Every later task relies on it.
 *
 * @param layers dense shapes
 * @param parameters of the dense model
 * @param modelSha256 of config and weights
 * @param calibrationWindows windows of the calibration text, at most as many as the request asks for
 * @param firstLayer first layer to prune
 * @param lastLayer index after that of the last layer to prune
 * @param sparedLayers layers between them that stay whole
 * @param threads that every task of the job computes with, so that any worker gives the same bytes
 * @param computation compute type and memory budget of every task
 * @param profile engine, device and instruction set of the inspecting worker
 * @param files that the job reads, as they were before they were digested; empty in jobs of earlier versions
 * @param calibration what is read of the calibration text
 * @param evaluation what is read of the evaluation text
 * @param tasks what is read of the data of each of the evaluation's tasks
 * @param texts what is read of each of the evaluation's further texts
 * @param recoverySha256 of the recovery's own text; empty where it has none
 * @param notes what users should know of the inputs, in words
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
        List<Integer> sparedLayers,
        int threads,
        Computation computation,
        Map<String, String> profile,
        List<InputFile> files,
        TextRead calibration,
        TextRead evaluation,
        List<TaskRead> tasks,
        List<MeasuredTextRead> texts,
        String recoverySha256,
        List<String> notes) {
    public Inspection {
        layers = List.copyOf(layers);
        sparedLayers = List.copyOf(sparedLayers);
        profile = Map.copyOf(profile);
        files = List.copyOf(files);
        tasks = List.copyOf(tasks);
        texts = List.copyOf(texts);
        notes = List.copyOf(notes);
    }

    /** The layers that are measured: those to prune, and the spared ones between them. */
    public LayerScope measured() {
        return new LayerScope(firstLayer, lastLayer);
    }

    /** The layers to prune. */
    public LayerScope scope() {
        return new LayerScope(firstLayer, lastLayer, Set.copyOf(sparedLayers));
    }
}
