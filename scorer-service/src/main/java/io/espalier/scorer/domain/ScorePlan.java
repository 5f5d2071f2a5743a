package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.model.artifact.StoredFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The plan of a job's scoring: a task inspects the inputs, tasks collect evidence, then tasks score the layers. The plan is a
 * pure function of the request and the results so far. The boundaries of its tasks therefore do not depend on the workers, and
 * 1, 2 or 8 workers produce the same bytes.
 */
public final class ScorePlan {
    private final JobSpec spec;
    private final ScoringStrategy strategy;

    /** @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} as in {@link ScoringStrategy#of} */
    public ScorePlan(JobSpec spec) {
        this.spec = spec;
        this.strategy = ScoringStrategy.of(spec);
    }

    /** @param waves the results of the waves that are complete; each wave's results are in task order */
    public ScoreStep next(List<List<ScoreResult>> waves) {
        if (waves.isEmpty()) {
            return new ScoreStep.Run("inspect", List.of(new ScoreTask.Inspect()));
        }
        Inspection inspection = ((ScoreResult.Inspected) waves.get(0).get(0)).inspection();
        List<ScoreTask> collect =
                strategy.collection().tasks(inspection, spec.calibration().sequenceLength());
        int collected = collect.isEmpty() ? 1 : 2;
        if (waves.size() < collected) {
            return new ScoreStep.Run("collect", collect);
        }
        Optional<ScoreStep.Run> scoring = scoring(inspection, CollectedEvidence.of(waves.get(collected - 1)));
        if (scoring.isPresent() && waves.size() == collected) {
            return scoring.get();
        }
        return done(inspection, scoring.isPresent() ? waves.get(collected) : List.of());
    }

    private Optional<ScoreStep.Run> scoring(Inspection inspection, CollectedEvidence evidence) {
        List<ScoreTask.ScoreLayer> layers = IntStream.range(inspection.firstLayer(), inspection.lastLayer())
                .mapToObj(layer -> new ScoreTask.ScoreLayer(layer, evidence.statistics(), evidence.losses()))
                .toList();
        return strategy.scoring(layers, evidence);
    }

    private static ScoreStep done(Inspection inspection, List<ScoreResult> layers) {
        SortedMap<Integer, StoredFile> scores = new TreeMap<>();
        List<ScoreResult.ControlRanks> controls = new ArrayList<>();
        for (ScoreResult result : layers) {
            if (result instanceof ScoreResult.LayerScored layer) {
                scores.put(layer.layer(), layer.file());
                controls.addAll(layer.controls());
            }
        }
        return new ScoreStep.Done(inspection, scores, controls);
    }
}
