package io.espalier.benchmarks.measure;

import io.espalier.base.Progress;
import io.espalier.benchmarks.shape.RandomWindows;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.ModelSize;

/** A checkpoint, the windows it reads, and the plain streamed forward that every ratio is to. */
record ForwardPass(Checkpoint checkpoint, int[][] windows, Computation computation) implements AutoCloseable {
    /** As a worker computes statistics and losses: in bf16 where the processor is fast at it. */
    static ForwardPass open(Work work) {
        return open(work, ComputeType.AUTO);
    }

    /** As a worker computes gradients, repairs and perplexities. */
    static ForwardPass exact(Work work) {
        return open(work, ComputeType.FP32.spelled());
    }

    private static ForwardPass open(Work work, String type) {
        Checkpoint checkpoint = Checkpoint.open(work.checkpoint());
        return new ForwardPass(
                checkpoint,
                RandomWindows.of(checkpoint.config().vocabSize(), work.windows(), work.length()),
                new Computation(ComputeType.of(type, checkpoint), MemoryBudget.DEFAULT));
    }

    /** Embedding, every layer, output projection and loss; one layer in memory at a time. */
    void run() {
        double perplexity =
                Perplexity.of(checkpoint, windows, computation, Progress.SILENT).value();
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
