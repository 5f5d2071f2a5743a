package io.espalier.scorer.domain;

import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.file.Digests;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.RankCorrelation;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.sparsity.Mask;
import io.espalier.model.sparsity.MaskFile;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.transformer.Linear;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** The write-once files in a job's work folder through which its workers pass data to each other. */
final class LayerFiles {
    private final ArtifactStore artifacts;
    private final String jobId;

    LayerFiles(ArtifactStore artifacts, String jobId) {
        this.artifacts = artifacts;
        this.jobId = jobId;
    }

    /** The folder in which a task saves the position of its pass. */
    Path position(ScoreTask task) {
        return artifacts.localPositionFolder(jobId, task.id());
    }

    StoredFile statistics(String task, InputStatistics statistics) {
        return store(task, statistics.toBytes());
    }

    /**
     * The statistics over the windows of all statistics tasks.
     *
     * @return null when there is no file
     */
    @Nullable
    InputStatistics merged(List<StoredFile> files) {
        return files.isEmpty()
                ? null
                : InputStatistics.merged(files.stream()
                        .map(file -> InputStatistics.fromBytes(artifacts.read(file)))
                        .toList());
    }

    /** @param criterion name of the score set that decides what is removed; the other sets are its controls */
    LayerScore scored(int layer, String criterion, LayerScores scores) {
        Map<String, UnitScores> sets = scores.sets();
        StoredFile file = store("scores-layer-" + layer, ScoreFile.write(sets));
        return new LayerScore(
                sets,
                List.of(),
                scores.damping(),
                new ScoreResult.LayerScored(layer, file, ranks(layer, criterion, sets)));
    }

    LayerScore masked(int layer, Map<Linear, Mask> masks) {
        StoredFile file = store("masks-layer-" + layer, MaskFile.write(masks));
        List<MaskReport> reports = masks.entrySet().stream()
                .map(mask -> MaskReport.of(mask.getKey(), mask.getValue()))
                .toList();
        return new LayerScore(
                Map.of(), reports, OptionalDouble.empty(), new ScoreResult.LayerScored(layer, file, List.of()));
    }

    /** The rank correlation of each control with the criterion over the units of a layer. */
    private static List<ScoreResult.ControlRanks> ranks(int layer, String criterion, Map<String, UnitScores> sets) {
        UnitScores own = Objects.requireNonNull(sets.get(criterion));
        return sets.entrySet().stream()
                .filter(set -> !set.getKey().equals(criterion))
                .map(control -> new ScoreResult.ControlRanks(
                        control.getKey(),
                        layer,
                        RankCorrelation.spearman(
                                own.attention(), control.getValue().attention()),
                        RankCorrelation.spearman(own.ffn(), control.getValue().ffn())))
                .toList();
    }

    /**
     * Stores a file under a name that contains its digest. When a task runs again on a machine that rounds differently, its file
     * gets another name and does not conflict with the first one.
     */
    private StoredFile store(String name, byte[] bytes) {
        String digest = Digests.sha256(bytes).substring(0, 16);
        return artifacts.writeWork(jobId, name + "-" + digest + ".safetensors", bytes);
    }
}
