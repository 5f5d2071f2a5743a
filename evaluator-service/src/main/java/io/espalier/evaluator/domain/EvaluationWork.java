package io.espalier.evaluator.domain;

import io.espalier.evaluator.domain.Evaluation.Measurement;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ModelSize;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.evaluation.Speed;
import io.espalier.pipeline.request.JobSpec;
import io.espalier.pipeline.request.Workspace;
import java.util.Arrays;

/** Measures the dense and the pruned model by one protocol. */
public final class EvaluationWork {
    /** The input length published MACs are stated for. */
    private static final int MACS_TOKENS = 64;

    private static final int DECODE_TOKENS = 32;
    private static final int REPETITIONS = 5;

    private final Workspace workspace;

    public EvaluationWork(Workspace workspace) {
        this.workspace = workspace;
    }

    public Evaluation evaluate(JobSpec spec, Progress progress) {
        try (Checkpoint dense = workspace.model(spec);
                Checkpoint pruned = Checkpoint.open(workspace.artifacts().output(spec.output()))) {
            int[][] windows = workspace.evaluation(spec, dense);
            Perplexity ofDense = Perplexity.of(dense, windows, progress(progress, 0, 0));
            Perplexity ofPruned = Perplexity.of(
                    pruned,
                    windows,
                    progress(
                            progress,
                            1,
                            (long) windows.length
                                    * windows[0].length
                                    * dense.config().layers().size()));
            int[] prompt = prompt(windows[0], dense);
            Speed.Comparison speed = spec.evaluation().speed()
                    ? Speed.compare(dense, pruned, prompt, DECODE_TOKENS, REPETITIONS)
                    : new Speed.Comparison(new Speed(0, 0), new Speed(0, 0));
            return new Evaluation(
                    measurement(dense, ofDense, speed.dense()),
                    measurement(pruned, ofPruned, speed.pruned()),
                    pruned.config().layers(),
                    spec.evaluation().heldOut() ? "held-out" : "calibration",
                    spec.evaluation().text().sequenceLength(),
                    ofDense.windows(),
                    ofDense.predictions(),
                    MACS_TOKENS,
                    prompt.length,
                    DECODE_TOKENS,
                    spec.evaluation().speed() ? REPETITIONS : 0);
        }
    }

    /** Leaves room for what is decoded where the model knows only so many positions. */
    private static int[] prompt(int[] window, Checkpoint checkpoint) {
        int most = Math.max(1, checkpoint.config().maxPositions() - DECODE_TOKENS);
        return Arrays.copyOf(window, Math.min(window.length, most));
    }

    /** One bar over both models. */
    private static Progress progress(Progress progress, int model, long tokensBefore) {
        return (unit, done, total, tokens) ->
                progress.advanced(unit, model * total + done, 2 * total, tokensBefore + tokens);
    }

    private static Measurement measurement(Checkpoint checkpoint, Perplexity perplexity, Speed speed) {
        ModelSize size = ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), MACS_TOKENS);
        return new Measurement(
                perplexity.value(),
                size.parameters(),
                size.macs(),
                checkpoint.bytes(),
                speed.prefill(),
                speed.decode());
    }
}
