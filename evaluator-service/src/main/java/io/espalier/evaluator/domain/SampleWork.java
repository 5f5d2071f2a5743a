package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.EvaluationWork.Pruned;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Continuation;
import io.espalier.model.tensor.Engine;
import java.util.ArrayList;
import java.util.List;

/** Lets all models of a job continue its prompts. */
public final class SampleWork {
    private final Workspace workspace;

    public SampleWork(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * @return per model what it wrote behind each prompt: the dense one, then of each artifact the pruned one, and that as it was
     *     before its recovery
     */
    public List<List<Continuation>> write(
            JobSpec spec, Inspection inspection, List<Pruned> artifacts, Progress progress) {
        Engine.setThreads(inspection.threads());
        return workspace.read(spec, inspection, inputs -> {
            int models = 1
                    + artifacts.stream()
                            .mapToInt(artifact -> artifact.unrecovered().isPresent() ? 2 : 1)
                            .sum();
            Writing writing = new Writing(spec, inspection, new CountedModels(progress, models));
            writing.add(inputs.checkpoint());
            for (Pruned artifact : artifacts) {
                try (Checkpoint pruned = workspace.artifacts().open(artifact.output())) {
                    writing.add(pruned);
                }
                artifact.unrecovered().ifPresent(where -> {
                    try (Checkpoint unrecovered = where.open(workspace.artifacts(), spec.jobId())) {
                        writing.add(unrecovered);
                    }
                });
            }
            return writing.written;
        });
    }

    private record Writing(
            JobSpec spec, Inspection inspection, CountedModels counted, List<List<Continuation>> written) {
        Writing(JobSpec spec, Inspection inspection, CountedModels counted) {
            this(spec, inspection, counted, new ArrayList<>());
        }

        void add(Checkpoint model) {
            JobSpec.Prompts prompts = spec.evaluation().prompts();
            written.add(Continuation.of(
                    model,
                    prompts.texts(),
                    new Continuation.Length(prompts.tokens(), spec.seed()),
                    inspection.computation().budget(),
                    counted.of(written.size())));
        }
    }
}
