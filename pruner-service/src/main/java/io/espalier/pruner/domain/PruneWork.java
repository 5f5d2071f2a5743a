package io.espalier.pruner.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Target;
import io.espalier.job.Workspace;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.file.Digests;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.sparsity.MaskReport;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
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
        try (Checkpoint checkpoint = workspace.model(spec)) {
            SortedMap<Integer, Map<String, UnitScores>> scores = scores(spec, inspection, task);
            Cutting cutting = new Cuttings(workspace, spec, inspection, checkpoint, scores).of(task);
            WrittenConfig config = cutting.config();
            Cutting.Cut cut;
            SortedMap<String, String> weightFiles;
            try (CheckpointWriter writer = CheckpointWriter.create(staging, cutting.tensors())) {
                cut = cutting.write(writer, progress);
                writer.writeJson(Checkpoint.CONFIG, config.json());
                writer.copyCompanions(checkpoint);
                weightFiles = writer.finish();
            }
            if (!scores.isEmpty()) {
                artifacts.writeOnce(
                        artifacts.root().relativize(staging.resolve(ScoreFile.NAME)), ScoreFile.writeLayers(scores));
            }
            SortedMap<String, String> masks = new TreeMap<>();
            cut.masks().forEach(mask -> masks.put(mask.tensor(), mask.sha256()));
            String manifest = manifest(
                            spec,
                            inspection,
                            request,
                            cutting,
                            config,
                            cut,
                            masks,
                            Manifest.filesOf(staging, weightFiles))
                    .write(staging);
            return new StagedArtifact(
                    artifacts.root().relativize(staging).toString(),
                    new PrunedArtifact(
                            spec.pruning().target().outputs().get(task.budget()),
                            manifest,
                            cutting.shapes(),
                            config.profile().wireName(),
                            config.reason(),
                            cut.repairs(),
                            masks.isEmpty() ? "" : MaskReport.sha256(cut.masks()),
                            cut.masks().stream()
                                    .mapToLong(mask -> mask.total() - mask.kept())
                                    .sum(),
                            cut.damping().orElse(0),
                            cut.keptLayers()));
        }
    }

    /** Every score set of each layer in scope; none where the files hold masks. */
    private SortedMap<Integer, Map<String, UnitScores>> scores(
            JobSpec spec, Inspection inspection, PruneTask.Prune task) {
        SortedMap<Integer, Map<String, UnitScores>> layers = new TreeMap<>();
        if (spec.pruning().target() instanceof Target.Weights) {
            return layers;
        }
        for (StoredFile file : task.scores()) {
            int layer = inspection.firstLayer() + layers.size();
            layers.put(layer, ScoreFile.read(workspace.artifacts().read(file)));
        }
        return layers;
    }

    /** Makes the artifact visible; once it is, doing so again changes nothing. */
    public PrunedArtifact commit(JobSpec spec, StagedArtifact staged) {
        ArtifactStore artifacts = workspace.artifacts();
        String output = staged.artifact().output();
        Path folder = artifacts.commit(artifacts.root().resolve(staged.staging()), output, spec.jobId());
        if (!Digests.sha256(folder.resolve(Manifest.FILE))
                .equals(staged.artifact().manifestSha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS,
                    "output \"" + output + "\" holds another artifact of this job; delete it or choose another name");
        }
        return staged.artifact();
    }

    private Manifest manifest(
            JobSpec spec,
            Inspection inspection,
            JsonNode request,
            Cutting cutting,
            WrittenConfig config,
            Cutting.Cut cut,
            SortedMap<String, String> masks,
            SortedMap<String, String> files) {
        TreeMap<String, String> inputs =
                new TreeMap<>(Map.of("model", inspection.modelSha256(), "calibration", inspection.calibrationSha256()));
        TreeMap<String, String> profile = new TreeMap<>(inspection.profile());
        profile.put("threads", Integer.toString(inspection.threads()));
        profile.put("compute_type", inspection.computation().type().spelled());
        profile.put(
                "memory_budget", Long.toString(inspection.computation().budget().bytes()));
        return new Manifest(
                spec.jobId(),
                request,
                inputs,
                files,
                spec.seed(),
                cutting.shapes(),
                config.profile().wireName(),
                config.reason(),
                JSON.valueToTree(cut.repairs()),
                masks,
                cut.keptLayers(),
                codeVersion,
                profile);
    }
}
