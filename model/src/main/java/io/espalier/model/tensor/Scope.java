package io.espalier.model.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.espalier.model.checkpoint.MappedBytes;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns the tensors made in it and frees them when it is closed. A pass over a model opens one scope per layer and one
 * per chunk of windows, which is what bounds its memory.
 */
public final class Scope implements AutoCloseable {
    private final PtNDManager manager;
    private final List<MappedBytes> mappings = new ArrayList<>();

    private Scope(PtNDManager manager) {
        this.manager = manager;
    }

    public static Scope open() {
        return new Scope(Engine.started().newManager());
    }

    PtNDManager manager() {
        return manager;
    }

    /** fp32 from Java memory, row-major. */
    public Tensor floats(float[] values, long... shape) {
        return owned(manager.create(FloatBuffer.wrap(values), new Shape(shape), DataType.FLOAT32));
    }

    /** fp64 [n]. */
    public Tensor doubles(double[] values) {
        return owned(manager.create(DoubleBuffer.wrap(values), new Shape(values.length), DataType.FLOAT64));
    }

    /** uint8 [n]. */
    public Tensor bytes(byte[] values) {
        return owned(manager.create(ByteBuffer.wrap(values), new Shape(values.length), DataType.UINT8));
    }

    /** int64 from Java memory, row-major: token ids and positions. */
    public Tensor longs(long[] values, long... shape) {
        return owned(manager.create(LongBuffer.wrap(values), new Shape(shape), DataType.INT64));
    }

    /** int64 [n]. */
    public Tensor positions(int[] values) {
        long[] wide = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return longs(wide, values.length);
    }

    /**
     * The engine borrows the memory of arrays made from Java, and Java takes it back when the array is closed, even while
     * a recorded computation still refers to it. A copy is the engine's own.
     */
    private static Tensor owned(NDArray borrowed) {
        try (borrowed) {
            return new Tensor((PtNDArray) borrowed.duplicate());
        }
    }

    /** A view of a direct buffer's bytes, valid while the buffer is not written again. */
    PtNDArray view(ByteBuffer direct, DataType type, long elements) {
        return (PtNDArray) manager.create(direct, new Shape(elements), type);
    }

    /** Elements of a file where they lie; their tensor must not be kept in another scope. */
    PtNDArray view(MappedBytes mapped, DataType type, long elements) {
        mappings.add(mapped);
        return view(mapped.bytes(), type, elements);
    }

    @Override
    public void close() {
        manager.close();
        mappings.forEach(MappedBytes::close);
        mappings.clear();
    }
}
