package io.espalier.model.checkpoint;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor's name, storage type and shape, without its values.
 *
 * @param shape row-major; empty for a scalar
 */
public record TensorInfo(String name, DType dtype, List<Long> shape) {
    public TensorInfo {
        shape = List.copyOf(shape);
        try {
            long elements = 1;
            for (long dim : shape) {
                if (dim < 0) {
                    throw corrupt(name, "shape " + shape + " has a negative size");
                }
                elements = Math.multiplyExact(elements, dim);
            }
            Math.multiplyExact(elements, (long) dtype.bytes());
        } catch (ArithmeticException e) {
            throw corrupt(name, "shape " + shape + " overflows");
        }
    }

    public static TensorInfo of(String name, DType dtype, long... shape) {
        return new TensorInfo(name, dtype, Arrays.stream(shape).boxed().toList());
    }

    /** The same storage type and shape under another name. */
    public TensorInfo named(String other) {
        return new TensorInfo(other, dtype, shape);
    }

    public long elements() {
        return shape.stream().reduce(1L, (a, b) -> a * b);
    }

    /** Size in the file, in bytes. */
    public long bytes() {
        return elements() * dtype.bytes();
    }

    /** @throws EspalierException {@code MODEL_CORRUPT} when there is no such axis or its size is no int */
    public int dim(int axis) {
        if (axis >= shape.size() || shape.get(axis) > Integer.MAX_VALUE) {
            throw corrupt(name, "shape " + shape + " has no usable axis " + axis);
        }
        return shape.get(axis).intValue();
    }

    private static EspalierException corrupt(String name, String what) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, "tensor " + Quoted.of(name) + ": " + what);
    }
}
