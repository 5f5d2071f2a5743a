package io.espalier.model.tensor;

import ai.djl.pytorch.engine.PtNDArray;
import io.espalier.model.checkpoint.DType;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** An array in native memory. It belongs to a {@link Scope}, which frees it when it is closed. */
public final class Tensor implements AutoCloseable {
    private final PtNDArray array;

    Tensor(PtNDArray array) {
        this.array = array;
    }

    PtNDArray array() {
        return array;
    }

    /** The length of axis {@code i}; a negative index counts from the last axis. */
    public int dim(int i) {
        long[] shape = array.getShape().getShape();
        return Math.toIntExact(shape[i < 0 ? shape.length + i : i]);
    }

    /** The number of elements of the whole array. */
    public long elements() {
        return array.size();
    }

    /** The values of an fp32 array, copied in row-major order. */
    public float[] floats() {
        return array.toFloatArray();
    }

    /** The values of an fp64 array, copied in row-major order. */
    public double[] doubles() {
        return array.toDoubleArray();
    }

    /** The values of a uint8 array, copied in row-major order. */
    public byte[] bytes() {
        ByteBuffer buffer = array.toByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /**
     * The values rounded to {@code type}, row-major and little-endian, as a checkpoint stores them. The buffer is native
     * memory and may be read while this tensor and the scope are open.
     */
    public ByteBuffer stored(DType type, Scope scope) {
        return new Kernels(scope).stored(this, type);
    }

    /** Moves this tensor to another scope, so that it outlives the scope it was made in. */
    public Tensor keepIn(Scope scope) {
        array.attach(scope.manager());
        return this;
    }

    /** Frees the memory before the scope is closed. */
    @Override
    public void close() {
        array.close();
    }

    @Override
    public String toString() {
        return "Tensor" + Arrays.toString(array.getShape().getShape());
    }
}
