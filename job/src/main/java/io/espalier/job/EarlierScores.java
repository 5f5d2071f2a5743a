package io.espalier.job;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The scores that a job left with its artifact, for another budget of the same model. */
public final class EarlierScores {
    /** Key of a manifest's inputs: what the calibration windows began with; absent for nothing, as in earlier versions. */
    public static final String BEGINNING = "calibration_beginning";

    private static final String FIELD = "scoring.scores_of";

    private EarlierScores() {}

    /**
     * @param inspection of the job that wants them
     * @return the score sets of every layer the earlier job scored
     * @throws EspalierException INVALID_ARGUMENT naming {@code scoring.scores_of} when they are not what this job would
     *     have made; MODEL_CORRUPT when they changed since
     */
    public static Map<Integer, Map<String, UnitScores>> of(
            JobSpec spec, Inspection inspection, ArtifactStore artifacts) {
        String name = spec.scoring().scoresOf();
        Manifest manifest = artifacts
                .manifest(FIELD, name)
                .orElseThrow(() -> invalid("names no artifact; give the output of a job that has ended"));
        if (!manifest.files().containsKey(ScoreFile.NAME)) {
            throw invalid("names an artifact without scores: its weights became zero in place");
        }
        check("model", inspection.modelSha256(), manifest.inputs().get("model"));
        check(
                "calibration text",
                inspection.calibrationSha256(),
                manifest.inputs().get("calibration"));
        check(
                "beginning of the calibration windows",
                inspection.calibration().beginningText(),
                manifest.inputs().getOrDefault(BEGINNING, ""));
        JobSpec earlier = RequestMapper.toSpec(manifest.jobId(), manifest.request());
        if (earlier.pruning().target() instanceof Target.Units units && units.sequential()) {
            throw invalid("was selected sequentially, so its scores hold for its own budget alone; score anew");
        }
        check("calibration windows", spec.calibration(), earlier.calibration());
        check(
                "attention unit",
                spec.pruning().target().attentionUnit(),
                earlier.pruning().target().attentionUnit());
        check("criterion", spec.scoring().criterion(), earlier.scoring().criterion());
        check("options", spec.scoring().options(), earlier.scoring().options());
        check("gradient", spec.scoring().gradient(), earlier.scoring().gradient());
        check("seed", spec.seed(), earlier.seed());
        Map<Integer, Map<String, UnitScores>> layers = ScoreFile.readLayers(artifacts.read(name, ScoreFile.NAME));
        for (int layer = inspection.firstLayer(); layer < inspection.lastLayer(); layer++) {
            if (!layers.containsKey(layer)) {
                throw invalid("has no scores of layer %d; prune the layers %s".formatted(layer, layers.keySet()));
            }
        }
        return layers;
    }

    private static void check(String what, Object own, @Nullable Object earlier) {
        if (!own.equals(earlier)) {
            throw invalid("was scored with another %s (%s, not %s); ask for the same or score anew"
                    .formatted(what, earlier, own));
        }
    }

    private static EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, FIELD + " " + what);
    }
}
