package io.espalier.benchmarks.kernel;

import io.espalier.benchmarks.measure.ScratchFolder;
import io.espalier.benchmarks.shape.RandomCheckpoint;
import io.espalier.benchmarks.shape.Shape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.tensor.Allocator;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Reads and writes the checkpoint of the llama-30m shape, 67 MB, in a warm page cache. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class SafetensorsBenchmark {
    private final Path folder;
    private final Checkpoint checkpoint;
    private final List<LayerLayout> layers;

    public SafetensorsBenchmark() {
        try {
            folder = Files.createTempDirectory("espalier-bench-jmh");
            checkpoint = Checkpoint.open(RandomCheckpoint.in(folder, Shape.LLAMA_30M, line -> {}));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        layers = ModelLayout.of(checkpoint).layers();
    }

    /** Reads the weights of every layer as a pass does. */
    @Benchmark
    public int readLayers() {
        for (LayerLayout layer : layers) {
            LayerWeights.read(checkpoint, layer).close();
        }
        return layers.size();
    }

    /** Reads a block of the output embedding. */
    @Benchmark
    public long readRows() {
        try (Scope scope = Scope.open()) {
            return StoredWeights.readRows(
                            checkpoint, "lm_head.weight", 0, 4096, ComputeType.FP32, Allocator.FRESH, scope)
                    .elements();
        }
    }

    /** Copies all tensors from file to file, until they are on disk. */
    @Benchmark
    public int copy() {
        Path out = folder.resolve("out");
        try (CheckpointWriter writer =
                CheckpointWriter.create(out, List.copyOf(checkpoint.tensors().values()))) {
            checkpoint.tensors().keySet().forEach(name -> StoredWeights.copy(checkpoint, name, writer, name));
            writer.finish();
        }
        ScratchFolder.delete(out);
        return checkpoint.tensors().size();
    }

    @TearDown
    public void close() {
        checkpoint.close();
        ScratchFolder.delete(folder);
    }
}
