package io.espalier.benchmarks.shape;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Normal numbers as bf16, drawn from a table of 65,536 numbers. Each 64 random bits give four numbers. That is so fast
 * that only the disk limits how fast a checkpoint is written.
 */
final class StoredNormal {
    private static final int SIZE = 1 << 16;
    private static final int HIGH_HALF = 16;

    private final short[] table = new short[SIZE];

    private StoredNormal() {}

    /** @param deviation standard deviation; the mean is 0 */
    static StoredNormal of(double deviation) {
        StoredNormal normal = new StoredNormal();
        java.util.Random random = new java.util.Random(SIZE);
        for (int i = 0; i < SIZE; i++) {
            normal.table[i] = bfloat16((float) (random.nextGaussian() * deviation));
        }
        return normal;
    }

    static StoredNormal constant(float value) {
        StoredNormal constant = new StoredNormal();
        java.util.Arrays.fill(constant.table, bfloat16(value));
        return constant;
    }

    /** The upper half of an fp32 number. For noise it does not matter that this truncates instead of rounding. */
    private static short bfloat16(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> HIGH_HALF);
    }

    /** Fills the remaining bytes of a little-endian buffer. */
    void fill(ByteBuffer buffer, SplittableRandom random) {
        while (buffer.remaining() >= Long.BYTES) {
            long indices = random.nextLong();
            buffer.putLong(
                    at(indices) | at(indices >>> 16) << 16 | at(indices >>> 32) << 32 | at(indices >>> 48) << 48);
        }
        while (buffer.hasRemaining()) {
            buffer.putShort((short) at(random.nextLong()));
        }
    }

    private long at(long index) {
        return table[(int) (index & (SIZE - 1))] & 0xffffL;
    }
}
