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

/** A checkpoint, its windows, and the plain streamed forward pass that every ratio refers to. */
record ForwardPass(Checkpoint checkpoint, int[][] windows, Computation computation) implements AutoCloseable {
    /** The forward pass of statistics and losses: in bf16 if the processor multiplies it fast. */
    static ForwardPass open(Work work) {
        return open(work, ComputeType.AUTO);
    }

    /** The forward pass of gradients, repairs and perplexities: always in fp32. */
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

    /** Computes embedding, all layers, output embedding and loss, with one layer in use at a time. */
    void run() {
        double perplexity =
                Perplexity.of(checkpoint, windows, computation, Progress.SILENT).value();
        if (!Double.isFinite(perplexity)) {
            throw new IllegalStateException("the forward's loss is not finite: its time means nothing");
        }
    }

    /** The number of floating-point operations: two per multiply-accumulate, masked positions included. */
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
