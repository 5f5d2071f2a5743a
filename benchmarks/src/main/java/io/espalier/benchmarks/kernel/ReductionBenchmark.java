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

/**
 * Sums in fp64: the moments of a linear layer's input over 1,024 tokens, and the sums of scores over the rows and
 * columns of a weight.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class ReductionBenchmark {
    private final Scope operands = Scope.open();
    private final Tensor hidden = Numbers.normal(operands, 1024, 2048);
    private final Tensor weight = Numbers.normal(operands, 5632, 2048);
    private final Tensor norms = Numbers.normal(operands, 2048);

    @Benchmark
    public double[] moments() {
        try (Scope scope = Scope.open()) {
            return new Kernels(scope).moments(hidden);
        }
    }

    @Benchmark
    public double[] scaledMagnitudeSums() {
        try (Scope scope = Scope.open()) {
            return new ImportanceKernels(scope).scaledMagnitudeSums(weight, norms);
        }
    }

    @TearDown
    public void close() {
        operands.close();
    }
}
