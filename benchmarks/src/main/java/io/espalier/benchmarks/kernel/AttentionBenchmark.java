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

/** Causal attention over 8 windows of 128 tokens with the heads of the 1.1b shape: 32 query heads share 4 KV heads. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 2)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class AttentionBenchmark {
    private final Scope operands = Scope.open();
    private final Tensor q = Numbers.normal(operands, 8, 32, 128, 64);
    private final Tensor k = Numbers.normal(operands, 8, 4, 128, 64);
    private final Tensor v = Numbers.normal(operands, 8, 4, 128, 64);

    @Benchmark
    public long causal() {
        try (Scope scope = Scope.open()) {
            return new Kernels(scope).causalAttention(q, k, v, 0.125).elements();
        }
    }

    @TearDown
    public void close() {
        operands.close();
    }
}
