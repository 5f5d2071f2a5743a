package io.espalier.benchmarks.shape;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Normal numbers as bf16, drawn from a table of 65,536 of them: four for each 64 random bits, so that the disk and not
 * the drawing limits how fast a checkpoint is made.
 */
final class StoredNormal {
    private static final int SIZE = 1 << 16;
    private static final int HIGH_HALF = 16;

    private final short[] table = new short[SIZE];

    private StoredNormal() {}

    /** @param deviation standard deviation around 0 */
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

    /** The upper half of the fp32 number: a mantissa cut short, not rounded, does no harm to noise. */
    private static short bfloat16(float value) {
        return (short) (Float.floatToRawIntBits(value) >>> HIGH_HALF);
    }

    /** Fills what remains of a little-endian buffer. */
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
