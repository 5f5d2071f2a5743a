package io.espalier.recoverer.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.job.GgufFile;
import io.espalier.job.Inputs;
import io.espalier.job.Workspace;
import io.espalier.model.artifact.Staged;
import io.espalier.model.artifact.Staging;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.recovery.LocalDistillation;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.recovery.LossCurve;
import io.espalier.model.recovery.RecoveredCheckpoint;
import io.espalier.model.recovery.TeacherPass;
import io.espalier.model.tensor.Engine;
import io.espalier.model.tensor.MemoryBudget;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Does the tasks of a recovery. A task done twice leaves the same bytes. */
public final class RecoverWork {
    private static final ObjectMapper JSON =
            new ObjectMapper().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

    private final Workspace workspace;
    private final String codeVersion;

    public RecoverWork(Workspace workspace, String codeVersion) {
        this.workspace = workspace;
        this.codeVersion = codeVersion;
    }

    public RecoverResult run(RecoverJob job, RecoverTask task, Progress progress) {
        if (task instanceof RecoverTask.Commit commit) {
            return commit(job, commit);
        }
        Engine.setThreads(job.inspection().threads());
        if (task instanceof RecoverTask.Teach) {
            return learning(job, inputs -> teach(job, inputs, progress));
        }
        if (task instanceof RecoverTask.Distil distil) {
            return learning(job, inputs -> distil(job, distil, inputs, progress));
        }
        if (task instanceof RecoverTask.Adapt adapt) {
            return learning(job, inputs -> adapt(job, adapt, inputs, progress));
        }
        if (task instanceof RecoverTask.Merge merge) {
            return merge(job, merge, progress);
        }
        RecoverTask.Recover recover = (RecoverTask.Recover) task;
        return stage(
                job,
                recover.source(),
                recover.report(),
                job.recovery().lora().isEmpty(),
                (pruned, out) -> RecoveredCheckpoint.write(pruned, learned(job, recover.source()), out, progress),
                progress);
    }

    private RecoverResult learning(RecoverJob job, Function<Inputs, RecoverResult> work) {
        return workspace.read(job.spec(), job.inspection(), work);
    }

    private RecoverResult teach(RecoverJob job, Inputs inputs, Progress progress) {
        int[][] windows = inputs.recovery();
        new TeacherPass(inputs.checkpoint(), windows, budget(job)).run(teacher(job), progress);
        return new RecoverResult.Taught(windows.length);
    }

    private RecoverResult distil(RecoverJob job, RecoverTask.Distil task, Inputs inputs, Progress progress) {
        int[][] windows = inputs.recovery();
        List<SortedMap<Integer, LossCurve>> curves = new ArrayList<>();
        for (StagedCheckpoint source : task.sources()) {
            Staged before = staged(job, source);
            try (Checkpoint pruned = before.open()) {
                LocalDistillation distillation = new LocalDistillation(
                        pruned,
                        before.manifest().masks().keySet(),
                        windows,
                        teacher(job),
                        job.local(),
                        job.spec().seed(),
                        budget(job));
                curves.add(train(distillation, task, learned(job, source), progress));
            }
        }
        return new RecoverResult.Distilled(curves);
    }

    private static SortedMap<Integer, LossCurve> train(
            LocalDistillation distillation, RecoverTask.Distil task, Path folder, Progress progress) {
        if (task.layer().isPresent()) {
            int layer = task.layer().getAsInt();
            return new TreeMap<>(Map.of(layer, distillation.layer(layer, folder, progress)));
        }
        SortedMap<Integer, LossCurve> curves = new TreeMap<>();
        distillation.sequence(folder, progress).forEach(curve -> curves.put(curves.size(), curve));
        return curves;
    }

    private RecoverResult adapt(RecoverJob job, RecoverTask.Adapt task, Inputs inputs, Progress progress) {
        try (Checkpoint student = staged(job, task.source()).open()) {
            return new RecoverResult.Adapted(
                    lora(job, student, inputs.recovery()).run(adapters(job, task.source()), progress));
        }
    }

    private RecoverResult merge(RecoverJob job, RecoverTask.Merge task, Progress progress) {
        return stage(
                job,
                task.source(),
                task.report(),
                true,
                (student, out) ->
                        LoraDistillation.merge(student, job.lora(), adapters(job, task.source()), out, progress),
                progress);
    }

    private LoraDistillation lora(RecoverJob job, Checkpoint student, int[][] windows) {
        return new LoraDistillation(
                student,
                job.inspection().layers().size(),
                windows,
                teacher(job),
                job.lora(),
                job.spec().seed(),
                budget(job));
    }

    /** Writes all tensors of a checkpoint once more, with other values. */
    private interface Weights {
        void write(Checkpoint before, CheckpointWriter out);
    }

    /**
     * Writes a checkpoint once more into a staging area of its own, the manifest last.
     *
     * @param last whether this is what will be committed
     */
    private RecoverResult stage(
            RecoverJob job,
            StagedCheckpoint source,
            RecoveryReport report,
            boolean last,
            Weights weights,
            Progress progress) {
        Staged before = staged(job, source);
        Staging staging = workspace.artifacts().stage(job.spec().jobId());
        SortedMap<String, String> files;
        try (Checkpoint checkpoint = before.open()) {
            try (CheckpointWriter out =
                    staging.checkpoint(List.copyOf(checkpoint.tensors().values()))) {
                weights.write(checkpoint, out);
                files = out.finish();
            }
            kept(before, checkpoint).forEach(name -> staging.write(name, before.read(name)));
        }
        staging.write(Checkpoint.CARD, card(before, job, report).getBytes(StandardCharsets.UTF_8));
        String gguf = last ? GgufFile.write(staging, job.spec(), progress) : "";
        String manifest = staging.finish(before.manifest().recovered(staging.files(files), json(report), codeVersion));
        return new RecoverResult.Staged(new RecoveredModel(staging.name(), manifest, gguf));
    }

    private static JsonNode json(RecoveryReport report) {
        ObjectNode json = JSON.createObjectNode().put("windows", report.windows());
        json.set("layers", JSON.valueToTree(report.layers()));
        report.adapters().ifPresent(loss -> json.set("adapters", JSON.valueToTree(loss)));
        return json;
    }

    /** The files that a recovery does not change: config, code, tokenizer, scores and what a search measured. */
    private static Set<String> kept(Staged before, Checkpoint checkpoint) {
        Set<String> rewritten = new HashSet<>(checkpoint.inputs());
        rewritten.removeAll(checkpoint.companions().keySet());
        rewritten.remove(Checkpoint.CONFIG);
        Set<String> kept = new HashSet<>(before.manifest().files().keySet());
        kept.removeIf(name -> rewritten.contains(name) || GgufFile.is(name) || name.equals(Checkpoint.CARD));
        return kept;
    }

    private static String card(Staged before, RecoverJob job, RecoveryReport report) {
        String pruned = before.manifest().files().containsKey(Checkpoint.CARD)
                ? new String(before.read(Checkpoint.CARD), StandardCharsets.UTF_8)
                : "";
        return RecoveryCard.after(
                pruned, job.recovery(), !before.manifest().masks().isEmpty(), report);
    }

    /** Makes the artifact visible; once it is, doing so again changes nothing. */
    private RecoverResult commit(RecoverJob job, RecoverTask.Commit task) {
        StagedCheckpoint staged = task.staged();
        String visible = workspace
                .artifacts()
                .commit(staged.staging(), staged.output(), job.spec().jobId());
        if (!visible.equals(task.manifestSha256())) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS,
                    "output \"" + staged.output()
                            + "\" holds another artifact of this job; delete it or choose another name");
        }
        return new RecoverResult.Committed();
    }

    private Staged staged(RecoverJob job, StagedCheckpoint checkpoint) {
        return workspace.artifacts().staged(checkpoint.staging(), job.spec().jobId());
    }

    /** What the teacher's layers take and give. */
    private Path teacher(RecoverJob job) {
        return folder(job, "teacher");
    }

    /** What the layers of a checkpoint learned. */
    private Path learned(RecoverJob job, StagedCheckpoint checkpoint) {
        return folder(job, named("recovered", job, checkpoint));
    }

    private Path adapters(RecoverJob job, StagedCheckpoint checkpoint) {
        return folder(job, named("adapters", job, checkpoint));
    }

    /** The first checkpoint's folder bears the plain name, the others' a number from 2. */
    private static String named(String what, RecoverJob job, StagedCheckpoint checkpoint) {
        int place = job.spec().pruning().target().outputs().indexOf(checkpoint.output()) + 1;
        return place == 1 ? what : what + "-" + place;
    }

    private Path folder(RecoverJob job, String name) {
        return workspace.artifacts().localPositionFolder(job.spec().jobId(), name);
    }

    private static MemoryBudget budget(RecoverJob job) {
        return job.inspection().computation().budget();
    }
}
