package io.espalier.model.export;

import java.nio.ByteBuffer;

/**
 * How the weights of a GGUF file are stored. Vectors (norms, biases, factors of rotary positions) are F32 in any case, as llama.cpp
 * computes with them in F32 alone.
 */
public enum GgufType {
    F32(0, 0),
    F16(1, 1),
    BF16(30, 32),
    /** Blocks of 32 values with one F16 scale and 8 bits for each value. A row that 32 does not divide is stored as F16. */
    Q8_0(8, 7);

    private static final int BLOCK = 32;
    private static final int BLOCK_BYTES = Short.BYTES + BLOCK;

    private final int id;
    private final int fileType;

    GgufType(int id, int fileType) {
        this.id = id;
        this.fileType = fileType;
    }

    /** The number of this type in the list of tensors. */
    int id() {
        return id;
    }

    /** The value of {@code general.file_type} for a file of which most is of this type. */
    int fileType() {
        return fileType;
    }

    /** The type of a matrix with rows of this length. */
    GgufType ofRows(int columns) {
        return this == Q8_0 && columns % BLOCK != 0 ? F16 : this;
    }

    /** @param values of whole rows */
    long bytes(long values) {
        return switch (this) {
            case F32 -> values * Float.BYTES;
            case F16, BF16 -> values * Short.BYTES;
            case Q8_0 -> values / BLOCK * BLOCK_BYTES;
        };
    }

    /**
     * Appends values to a little-endian buffer.
     *
     * @param count of values; a multiple of 32 for Q8_0
     * @return whether every value is finite and lies in the range of this type
     */
    boolean encode(float[] values, int count, ByteBuffer target) {
        boolean finite = true;
        switch (this) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    finite &= Float.isFinite(values[i]);
                    target.putFloat(values[i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    short half = Halves.ofFloat(values[i]);
                    finite &= Halves.isFinite(half);
                    target.putShort(half);
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    short brain = Halves.brainOfFloat(values[i]);
                    finite &= Float.isFinite(Halves.brainToFloat(brain));
                    target.putShort(brain);
                }
            }
            case Q8_0 -> {
                for (int i = 0; i < count; i += BLOCK) {
                    finite &= block(values, i, target);
                }
            }
        }
        return finite;
    }

    /** The scale is a 127th of the largest magnitude; values are divided by it before it is rounded to F16. */
    private static boolean block(float[] values, int from, ByteBuffer target) {
        float largest = 0;
        boolean finite = true;
        for (int i = from; i < from + BLOCK; i++) {
            finite &= Float.isFinite(values[i]);
            largest = Math.max(largest, Math.abs(values[i]));
        }
        float scale = largest / Byte.MAX_VALUE;
        float inverse = scale == 0 ? 0 : 1 / scale;
        short stored = Halves.ofFloat(scale);
        target.putShort(stored);
        for (int i = from; i < from + BLOCK; i++) {
            float scaled = values[i] * inverse;
            // Halves are rounded away from zero.
            target.put((byte) (scaled < 0 ? -(int) (0.5f - scaled) : (int) (scaled + 0.5f)));
        }
        return finite && Halves.isFinite(stored);
    }
}
