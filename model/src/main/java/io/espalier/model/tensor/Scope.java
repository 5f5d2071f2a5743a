package io.espalier.model.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;

/**
 * Owns the tensors made in it and frees them when it is closed. A pass over a model opens one scope per layer and one per
 * chunk of windows. That bounds its memory.
 */
public final class Scope implements AutoCloseable {
    private final PtNDManager manager;

    private Scope(PtNDManager manager) {
        this.manager = manager;
    }

    public static Scope open() {
        return new Scope(Engine.started().newManager());
    }

    PtNDManager manager() {
        return manager;
    }

    /** An fp32 tensor with values from Java memory, row-major. */
    public Tensor floats(float[] values, long... shape) {
        return owned(manager.create(FloatBuffer.wrap(values), new Shape(shape), DataType.FLOAT32));
    }

    /** An fp64 tensor [n] with values from Java memory. */
    public Tensor doubles(double[] values) {
        return owned(manager.create(DoubleBuffer.wrap(values), new Shape(values.length), DataType.FLOAT64));
    }

    /** A uint8 tensor [n] with values from Java memory. */
    public Tensor bytes(byte[] values) {
        return owned(manager.create(ByteBuffer.wrap(values), new Shape(values.length), DataType.UINT8));
    }

    /** An int64 tensor with values from Java memory, row-major: token ids and positions. */
    public Tensor longs(long[] values, long... shape) {
        return owned(manager.create(LongBuffer.wrap(values), new Shape(shape), DataType.INT64));
    }

    /** An int64 tensor [n] of indices. */
    public Tensor positions(int[] values) {
        long[] wide = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return longs(wide, values.length);
    }

    /**
     * Copies an array made from Java memory. The engine only borrows such memory: it is freed when the array is closed,
     * even if a recorded computation still refers to it. The copy belongs to the engine.
     */
    private static Tensor owned(NDArray borrowed) {
        try (borrowed) {
            return new Tensor((PtNDArray) borrowed.duplicate());
        }
    }

    /** A view of a direct buffer's bytes. It is valid until the buffer is written again. */
    PtNDArray view(ByteBuffer direct, DataType type, long elements) {
        return manager.create(direct, new Shape(elements), type);
    }

    @Override
    public void close() {
        manager.close();
    }
}
