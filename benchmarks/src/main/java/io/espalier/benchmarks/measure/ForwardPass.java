package io.espalier.benchmarks.measure;

import io.espalier.benchmarks.shape.RandomWindows;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ModelSize;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.pruning.LayerScope;

/** A checkpoint, the windows it reads, and the plain streamed forward that every ratio is to. */
record ForwardPass(Checkpoint checkpoint, int[][] windows) implements AutoCloseable {
    static ForwardPass open(Work work) {
        Checkpoint checkpoint = Checkpoint.open(work.checkpoint());
        return new ForwardPass(
                checkpoint, RandomWindows.of(checkpoint.config().vocabSize(), work.windows(), work.length()));
    }

    /** Embedding, every layer, output projection and loss; one layer in memory at a time. */
    void run() {
        double perplexity = Perplexity.of(checkpoint, windows, Progress.SILENT).value();
        if (!Double.isFinite(perplexity)) {
            throw new IllegalStateException("the forward's loss is not finite: its time means nothing");
        }
    }

    /** Floating-point operations: two for each multiply-add, masked positions included. */
    double flops() {
        int length = windows[0].length;
        return 2.0
                * windows.length
                * ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), length)
                        .macs();
    }

    LayerScope everyLayer() {
        return new LayerScope(0, checkpoint.config().layers().size());
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
