package io.espalier.benchmarks.kernel;

import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;

/** Random operands of kernels. */
final class Numbers {
    private Numbers() {}

    /** A tensor of normal numbers, fp32. */
    static Tensor normal(Scope scope, int... shape) {
        float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return scope.floats(values, Arrays.stream(shape).asLongStream().toArray());
    }
}
