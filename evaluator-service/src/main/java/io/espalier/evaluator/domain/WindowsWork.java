package io.espalier.evaluator.domain;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.EvaluationWork.Pruned;
import io.espalier.job.Inputs;
import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.job.MeasuredTextRead;
import io.espalier.job.Workspace;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Comparison;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.evaluation.SequenceLikelihoods;
import io.espalier.model.evaluation.SummedLoss;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.tensor.Engine;
import io.espalier.model.tensor.MemoryBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Measures all models of a job on some windows of a text. */
public final class WindowsWork {
    /** The evaluation's own text, in {@link Slice#text}. Those further ones follow. */
    private static final int OWN = 0;

    private final Workspace workspace;
    private final String codeVersion;

    /** @param codeVersion of this program */
    public WindowsWork(Workspace workspace, String codeVersion) {
        this.workspace = workspace;
        this.codeVersion = codeVersion;
    }

    /**
     * Windows of a text.
     *
     * @param text 0 for the evaluation's own, else one more than the index of a further one
     * @param last index behind the last window
     */
    public record Slice(int text, int first, int last) {}

    /** @return of the dense model, then of each artifact the pruned one, and that as it was before its recovery */
    public List<SummedLoss> measure(
            JobSpec spec, Inspection inspection, List<Pruned> artifacts, Slice slice, Progress progress) {
        Engine.setThreads(inspection.threads());
        return workspace.read(
                spec, inspection, inputs -> new JobModels(workspace.artifacts(), spec, inputs.checkpoint(), artifacts)
                        .together(others -> measure(inspection, inputs, others, slice, progress)));
    }

    private List<SummedLoss> measure(
            Inspection inspection, Inputs inputs, List<Checkpoint> others, Slice slice, Progress progress) {
        MemoryBudget budget = inspection.computation().budget();
        if (slice.text() == OWN) {
            int[][] windows = inputs.evaluation(slice.first(), slice.last());
            return Comparison.sums(inputs.checkpoint(), others, windows, budget, progress);
        }
        int text = slice.text() - 1;
        MeasuredTextRead read = inspection.texts().get(text);
        if (read.protocol() instanceof TextProtocol.Windows) {
            int[][] windows = inputs.windows(text, slice.first(), slice.last());
            return Comparison.sums(inputs.checkpoint(), others, windows, budget, progress);
        }
        List<ScoredSequence> sequences = inputs.sequences(text, slice.first(), slice.last());
        long predictions = sequences.stream().mapToLong(ScoredSequence::scored).sum();
        CountedModels counted = new CountedModels(progress, 1 + others.size());
        DenseLikelihoods dense = new DenseLikelihoods(workspace.artifacts(), inspection, codeVersion);
        List<SummedLoss> sums = new ArrayList<>();
        sums.add(sum(dense.of(inputs.checkpoint(), sequences, counted.of(0)), predictions));
        for (Checkpoint model : others) {
            sums.add(sum(new SequenceLikelihoods(model, budget).of(sequences, counted.of(sums.size())), predictions));
        }
        return sums;
    }

    private static SummedLoss sum(double[] likelihoods, long predictions) {
        return new SummedLoss(-Arrays.stream(likelihoods).sum(), predictions, 0, 0);
    }
}
