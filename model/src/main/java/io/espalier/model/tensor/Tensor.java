package io.espalier.model.tensor;

import ai.djl.pytorch.engine.PtNDArray;
import io.espalier.model.checkpoint.DType;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** An array in native memory, owned by a {@link Scope}: it is gone once its scope is closed. */
public final class Tensor implements AutoCloseable {
    private final PtNDArray array;

    Tensor(PtNDArray array) {
        this.array = array;
    }

    PtNDArray array() {
        return array;
    }

    /** Length along axis {@code i}; negative counts from the end. */
    public int dim(int i) {
        long[] shape = array.getShape().getShape();
        return Math.toIntExact(shape[i < 0 ? shape.length + i : i]);
    }

    /** Elements of the whole array. */
    public long elements() {
        return array.size();
    }

    /** A copy of an fp32 array, row-major. */
    public float[] floats() {
        return array.toFloatArray();
    }

    /** A copy of an fp64 array, row-major. */
    public double[] doubles() {
        return array.toDoubleArray();
    }

    /** A copy of a uint8 array, row-major. */
    public byte[] bytes() {
        ByteBuffer buffer = array.toByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /**
     * The values rounded to {@code type}, row-major, little-endian, as a checkpoint stores them: native memory, to be read
     * while this tensor and the scope are open.
     */
    public ByteBuffer stored(DType type, Scope scope) {
        return new Kernels(scope).stored(this, type);
    }

    /** Moves this tensor to another owner, so that it outlives the scope it was made in. */
    public Tensor keepIn(Scope scope) {
        array.attach(scope.manager());
        return this;
    }

    /** Frees the memory before the scope would. */
    @Override
    public void close() {
        array.close();
    }

    @Override
    public String toString() {
        return "Tensor" + Arrays.toString(array.getShape().getShape());
    }
}
