package io.espalier.benchmarks.kernel;

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

/** Multiplies 1,024 tokens by the largest matrix of the 1.1b shape: 23.6 GFLOP per operation. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class MatmulBenchmark {
    private final Scope operands = Scope.open();
    private final Tensor x = Numbers.normal(operands, 1024, 2048);
    private final Tensor weight = Numbers.normal(operands, 5632, 2048);

    @Benchmark
    public long fp32() {
        try (Scope scope = Scope.open()) {
            return new Kernels(scope).linear(x, weight).elements();
        }
    }

    @TearDown
    public void close() {
        operands.close();
    }
}
