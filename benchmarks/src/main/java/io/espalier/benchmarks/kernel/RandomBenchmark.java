package io.espalier.benchmarks.kernel;

import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Draws z for a 2,048 × 2,048 matrix and adds it to a sum: 4.2 million numbers per operation. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class RandomBenchmark {
    private static final int SIDE = 2048;

    private final Scope operands = Scope.open();
    private final Tensor sum = new Kernels(operands).zeros64(SIDE, SIDE);
    private final Tensor normals = new ImportanceKernels(operands).normalTable();
    private final Tensor signs = new ImportanceKernels(operands).signTable();

    @Benchmark
    public long gaussian() {
        try (Scope scope = Scope.open()) {
            new ImportanceKernels(scope).accumulateNoise(sum, normals, 1, 1e-6, 0);
            return sum.elements();
        }
    }

    @Benchmark
    public long rademacher() {
        try (Scope scope = Scope.open()) {
            new ImportanceKernels(scope).accumulateNoise(sum, signs, 1, 1e-6, 0);
            return sum.elements();
        }
    }

    @TearDown
    public void close() {
        operands.close();
    }
}
