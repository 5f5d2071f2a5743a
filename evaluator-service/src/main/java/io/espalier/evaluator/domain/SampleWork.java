package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.EvaluationWork.Pruned;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.Workspace;
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
        JobSpec.Prompts prompts = spec.evaluation().prompts();
        return workspace.read(spec, inspection, inputs -> {
            JobModels models = new JobModels(workspace.artifacts(), spec, inputs.checkpoint(), artifacts);
            CountedModels counted = new CountedModels(progress, models.count());
            List<List<Continuation>> written = new ArrayList<>();
            models.forEach((name, model) -> written.add(Continuation.of(
                    model,
                    prompts.texts(),
                    new Continuation.Length(prompts.tokens(), spec.seed()),
                    inspection.computation().budget(),
                    counted.of(written.size()))));
            return written;
        });
    }
}
