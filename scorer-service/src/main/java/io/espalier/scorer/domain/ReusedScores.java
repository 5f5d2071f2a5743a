package io.espalier.scorer.domain;

import io.espalier.job.EarlierScores;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.UnitScores;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A strategy with one task, which takes the scores that an earlier job stored with its artifact.
 *
 * @param criterion name of the score set that decides what is removed
 */
record ReusedScores(JobSpec spec, String criterion) implements ScoringStrategy {
    @Override
    public EvidenceCollection collection() {
        return EvidenceCollection.NOTHING;
    }

    @Override
    public Optional<ScoreStep.Run> scoring(List<ScoreTask.ScoreLayer> layers, CollectedEvidence evidence) {
        return Optional.of(new ScoreStep.Run(ScoreStep.SCORING, List.of(new ScoreTask.Reuse()), List.copyOf(layers)));
    }

    @Override
    public List<Need> needs(CalibrationFootprint job) {
        return List.of();
    }

    @Override
    public void check(Inspection inspection, ArtifactStore artifacts) {
        EarlierScores.of(spec, inspection, artifacts);
    }

    /** @param visitor receives each layer's scores */
    void run(Inspection inspection, ArtifactStore artifacts, LayerFiles files, Consumer<LayerScore> visitor) {
        Map<Integer, Map<String, UnitScores>> layers = EarlierScores.of(spec, inspection, artifacts);
        for (int layer = inspection.firstLayer(); layer < inspection.lastLayer(); layer++) {
            LayerScores scores = new LayerScores(Objects.requireNonNull(layers.get(layer)));
            visitor.accept(files.scored(layer, criterion, scores));
        }
    }
}
