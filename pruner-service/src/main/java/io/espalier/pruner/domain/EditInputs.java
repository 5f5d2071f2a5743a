package io.espalier.pruner.domain;

import io.espalier.job.Inputs;
import io.espalier.job.ScoreSets;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a {@link CheckpointEdit} is made from.
 *
 * @param files the dense model and the texts
 */
record EditInputs(ArtifactStore artifacts, PruneJob job, PruneTask.Prune task, Inputs files) {
    /** @return [windows, tokens] of the calibration text */
    int[][] calibration() {
        return files.calibration();
    }

    /** The dense model. */
    Checkpoint checkpoint() {
        return files.checkpoint();
    }

    /** The score sets of every layer in scope, from the files that the scorer left. */
    ScoreSets scores() {
        Map<Integer, Map<String, UnitScores>> layers = new TreeMap<>();
        task.scores().keySet().forEach(layer -> layers.put(layer, ScoreFile.read(file(layer))));
        return new ScoreSets(layers);
    }

    /**
     * The file that the scorer left about a layer.
     *
     * @throws IllegalArgumentException when the task brings none
     */
    byte[] file(int layer) {
        StoredFile file = task.scores().get(layer);
        if (file == null) {
            throw new IllegalArgumentException(task.id() + ": no file of layer " + layer);
        }
        return artifacts.read(file);
    }

    LayerScope scope() {
        return job.inspection().scope();
    }

    MemoryBudget memoryBudget() {
        return job.inspection().computation().budget();
    }
}
