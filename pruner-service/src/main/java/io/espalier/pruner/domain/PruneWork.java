package io.espalier.pruner.domain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.job.EarlierScores;
import io.espalier.job.GgufFile;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.SettingNames;
import io.espalier.job.Target;
import io.espalier.job.Workspace;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.artifact.Staging;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.importance.ScoreFile;
import io.espalier.model.tensor.Engine;
import java.nio.charset.StandardCharsets;
import java.util.List;
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

    public PruneResult run(PruneJob job, PruneTask task, Progress progress) {
        return task instanceof PruneTask.Commit commit
                ? new PruneResult.Committed(commit(job.spec(), commit.staged()))
                : workspace.read(job.spec(), job.inspection(), inputs -> compute(job, task, inputs, progress));
    }

    private PruneResult compute(PruneJob job, PruneTask task, Inputs inputs, Progress progress) {
        Engine.setThreads(job.inspection().threads());
        return task instanceof PruneTask.Search search
                ? new ShapeSearch(
                                workspace.artifacts(),
                                job,
                                (Target.Units) job.spec().pruning().target(),
                                inputs,
                                progress)
                        .run(search)
                : new PruneResult.Staged(prune(job, (PruneTask.Prune) task, inputs, progress));
    }

    /** Writes the checkpoint into a staging area of its own, the manifest last. */
    private StagedArtifact prune(PruneJob job, PruneTask.Prune task, Inputs inputs, Progress progress) {
        Staging staging = workspace.artifacts().stage(job.spec().jobId());
        CheckpointEdit edit = CheckpointEdit.of(new EditInputs(workspace.artifacts(), job, task, inputs));
        WrittenConfig config = edit.config();
        requireExpressible(job.spec(), inputs.checkpoint().config(), edit, config);
        EditReport report;
        SortedMap<String, String> weightFiles;
        try (CheckpointWriter writer = staging.checkpoint(edit.tensors())) {
            report = edit.write(writer, progress);
            writer.writeConfig(config);
            writer.copyCompanions(inputs.checkpoint());
            weightFiles = writer.finish();
        }
        staging.write(
                Checkpoint.CARD,
                ModelCard.of(job, task.output(), edit, config, report, inputs.checkpoint())
                        .getBytes(StandardCharsets.UTF_8));
        String gguf = leaves(job.spec()) ? GgufFile.write(staging, job.spec(), progress) : "";
        inputs.requireUnchanged();
        if (!edit.scores().isEmpty()) {
            staging.write(ScoreFile.NAME, ScoreFile.writeLayers(edit.scores().layers()));
        }
        task.search()
                .ifPresent(chosen ->
                        staging.write(SearchDetails.FILE, workspace.artifacts().read(chosen.details())));
        String manifest = staging.finish(manifest(job, edit, config, report, staging.files(weightFiles)));
        return new StagedArtifact(
                staging.name(),
                new PrunedArtifact(
                        task.output(),
                        manifest,
                        edit.shapes(),
                        config.profile().wireName(),
                        config.reason(),
                        report.repairs(),
                        report.maskSha256(),
                        report.zeroedWeights(),
                        report.damping().orElse(0),
                        report.keptLayers(),
                        gguf,
                        task.search().map(ChosenShapes::candidates).orElse(List.of())));
    }

    /** Whether a user will see what is written, not only what a recovery makes of it. */
    private static boolean leaves(JobSpec spec) {
        return spec.recovery().isEmpty() || spec.keepsUnrecovered();
    }

    /**
     * Checks shapes that could not be known before the units were chosen.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field
     */
    private static void requireExpressible(JobSpec spec, ModelConfig dense, CheckpointEdit edit, WrittenConfig config) {
        boolean units = spec.pruning().target() instanceof Target.Units;
        boolean biases = spec.pruning().target() instanceof Target.Units of
                && of.compensation().addsBiases();
        SettingNames.named(() -> {
            spec.export()
                    .runtime()
                    .require(
                            units ? dense : config.read(),
                            edit.shapes(),
                            biases,
                            spec.export().gguf().isPresent());
            return spec;
        });
    }

    /** Makes the artifact visible; once it is, doing so again changes nothing. */
    private PrunedArtifact commit(JobSpec spec, StagedArtifact staged) {
        String output = staged.artifact().output();
        String visible = workspace.artifacts().commit(staged.staging(), output, spec.jobId());
        if (!visible.equals(staged.artifact().manifestSha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS,
                    "output \"" + output + "\" holds another artifact of this job; delete it or choose another name");
        }
        return staged.artifact();
    }

    private Manifest manifest(
            PruneJob job,
            CheckpointEdit edit,
            WrittenConfig config,
            EditReport report,
            SortedMap<String, String> files) {
        Inspection inspection = job.inspection();
        TreeMap<String, String> inputs =
                new TreeMap<>(Map.of("model", inspection.modelSha256(), "calibration", inspection.calibrationSha256()));
        String beginning = inspection.calibration().beginningText();
        if (!beginning.isEmpty()) {
            inputs.put(EarlierScores.BEGINNING, beginning);
        }
        TreeMap<String, String> profile = new TreeMap<>(inspection.profile());
        profile.put("threads", Integer.toString(inspection.threads()));
        profile.put("compute_type", inspection.computation().type().spelled());
        profile.put(
                "memory_budget", Long.toString(inspection.computation().budget().bytes()));
        return new Manifest(
                job.spec().jobId(),
                job.request(),
                inputs,
                files,
                job.spec().seed(),
                edit.shapes(),
                config.profile().wireName(),
                config.reason(),
                JSON.valueToTree(report.repairs()),
                report.maskDigests(),
                report.keptLayers(),
                codeVersion,
                profile,
                null);
    }
}
