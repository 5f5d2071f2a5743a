package io.espalier.pruner.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.ArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.Digests;
import io.espalier.model.checkpoint.Manifest;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.pruning.LayerRepair;
import io.espalier.model.pruning.LayerScope;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.pruning.UnitScores;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.pipeline.request.Inspection;
import io.espalier.pipeline.request.JobSpec;
import io.espalier.pipeline.request.Workspace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Does the tasks of a prune plan. A task done twice leaves the same bytes. */
public final class PruneWork {
    private static final ObjectMapper JSON =
            new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

    private final Workspace workspace;
    private final String codeVersion;

    public PruneWork(Workspace workspace, String codeVersion) {
        this.workspace = workspace;
        this.codeVersion = codeVersion;
    }

    /**
     * Removes, repairs and writes everything, the manifest last.
     *
     * @param request as the user made it, for the manifest
     * @param attempt names the staging folder: two workers on the same task, one of them given up for dead, must not
     *     write into each other's
     */
    public StagedArtifact prune(
            JobSpec spec,
            Inspection inspection,
            JsonNode request,
            PruneTask.Prune task,
            String attempt,
            Progress progress) {
        ArtifactStore artifacts = workspace.artifacts();
        Path staging = artifacts.staging(spec.jobId()).resolve(attempt);
        List<Map<String, UnitScores>> scores = task.scores().stream()
                .map(file -> ScoreFile.read(artifacts.read(file)))
                .toList();
        try (Checkpoint checkpoint = workspace.model(spec)) {
            PruningPass pass = new PruningPass(
                    checkpoint,
                    removed(spec, inspection, checkpoint, scores),
                    spec.pruning().compensation());
            WrittenConfig config = pass.config();
            List<LayerRepair> repairs;
            try (CheckpointWriter writer = CheckpointWriter.create(staging, pass.tensors())) {
                int[][] windows = workspace.calibration(spec, checkpoint);
                repairs = pass.run(windows, writer, progress);
                writer.writeJson(Checkpoint.CONFIG, config.json());
                writer.copyCompanions(checkpoint);
                writer.finish();
            }
            artifacts.writeOnce(
                    artifacts.root().relativize(staging.resolve("scores.safetensors")),
                    ScoreFile.write(byLayer(inspection, scores)));
            String manifest = manifest(spec, inspection, request, pass, config, repairs, staging)
                    .write(staging);
            return new StagedArtifact(
                    artifacts.root().relativize(staging).toString(),
                    new PrunedArtifact(
                            spec.output(),
                            manifest,
                            pass.shapes(),
                            config.profile().wireName(),
                            config.reason(),
                            repairs));
        }
    }

    /** Makes the artifact visible; once it is, doing so again changes nothing. */
    public PrunedArtifact commit(JobSpec spec, StagedArtifact staged) {
        ArtifactStore artifacts = workspace.artifacts();
        Path folder = artifacts.commit(artifacts.root().resolve(staged.staging()), spec.output(), spec.jobId());
        if (!Digests.sha256(folder.resolve(Manifest.FILE))
                .equals(staged.artifact().manifestSha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS,
                    "output \"" + spec.output()
                            + "\" holds another artifact of this job; delete it or choose another name");
        }
        return staged.artifact();
    }

    /** By the criterion's own scores, which are a file's first set. */
    private static List<RemovedUnits> removed(
            JobSpec spec, Inspection inspection, Checkpoint checkpoint, List<Map<String, UnitScores>> scores) {
        return spec.allocation(ModelLayout.of(checkpoint))
                .select(
                        spec.pruning().budget(),
                        inspection.layers(),
                        new LayerScope(inspection.firstLayer(), inspection.lastLayer()),
                        scores.stream()
                                .map(sets -> sets.values().iterator().next())
                                .toList(),
                        new PrunedTensors(checkpoint, spec.pruning().compensation()));
    }

    /** Every score set under "layer.NN.set", so that another budget needs no scoring pass. */
    private static Map<String, UnitScores> byLayer(Inspection inspection, List<Map<String, UnitScores>> scores) {
        Map<String, UnitScores> all = new LinkedHashMap<>();
        for (int i = 0; i < scores.size(); i++) {
            int layer = inspection.firstLayer() + i;
            scores.get(i).forEach((set, units) -> all.put("layers." + layer + "." + set, units));
        }
        return all;
    }

    private Manifest manifest(
            JobSpec spec,
            Inspection inspection,
            JsonNode request,
            PruningPass pass,
            WrittenConfig config,
            List<LayerRepair> repairs,
            Path staging) {
        TreeMap<String, String> inputs =
                new TreeMap<>(Map.of("model", inspection.modelSha256(), "calibration", inspection.calibrationSha256()));
        TreeMap<String, String> profile = new TreeMap<>(inspection.profile());
        profile.put("threads", Integer.toString(inspection.threads()));
        return new Manifest(
                spec.jobId(),
                request,
                inputs,
                Manifest.filesOf(staging),
                spec.seed(),
                pass.shapes(),
                config.profile().wireName(),
                config.reason(),
                JSON.valueToTree(repairs),
                codeVersion,
                profile);
    }
}
