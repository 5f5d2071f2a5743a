package io.espalier.model.sparsity;

import io.espalier.model.file.Digests;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;

/**
 * The mask of one linear layer, [out, in]. A bit is 1 where a weight is kept. The bits are stored row-major, 8 per byte, the
 * first in the most significant bit. The last byte is padded with zeros.
 */
public final class Mask {
    private final int rows;
    private final int columns;
    private final byte[] packed;

    private Mask(int rows, int columns, byte[] packed) {
        this.rows = rows;
        this.columns = columns;
        this.packed = packed;
    }

    /**
     * @param packed the bits of a [rows, columns] mask in the format of this class
     * @throws IllegalArgumentException when the number of bytes is wrong or the padding is not zero
     */
    public static Mask of(int rows, int columns, byte[] packed) {
        long weights = (long) rows * columns;
        if (packed.length != packedBytes(rows, columns)) {
            throw new IllegalArgumentException("a [%d, %d] mask takes %d bytes, given %d"
                    .formatted(rows, columns, packedBytes(rows, columns), packed.length));
        }
        int padding = (int) (packed.length * (long) Byte.SIZE - weights);
        if (padding > 0 && (packed[packed.length - 1] & ((1 << padding) - 1)) != 0) {
            throw new IllegalArgumentException("the last byte of a mask is not filled up with zeros");
        }
        return new Mask(rows, columns, packed.clone());
    }

    /** @param kept bool [out, in] */
    static Mask of(Tensor kept, Scope scope) {
        return new Mask(kept.dim(0), kept.dim(1), new SparsityKernels(scope).packed(kept));
    }

    static int packedBytes(int rows, int columns) {
        return Math.toIntExact(((long) rows * columns + Byte.SIZE - 1) / Byte.SIZE);
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    /** The number of weights, kept or removed. */
    public long total() {
        return (long) rows * columns;
    }

    /** The number of weights that are kept. */
    public long kept() {
        long kept = 0;
        for (byte bits : packed) {
            kept += Integer.bitCount(Byte.toUnsignedInt(bits));
        }
        return kept;
    }

    public boolean keeps(int row, int column) {
        long place = (long) row * columns + column;
        int shift = Byte.SIZE - 1 - (int) (place % Byte.SIZE);
        return (packed[(int) (place / Byte.SIZE)] >> shift & 1) != 0;
    }

    /** A copy of the bits in the format of this class. */
    public byte[] packed() {
        return packed.clone();
    }

    /** The SHA-256 of {@link #packed}. */
    public String sha256() {
        return Digests.sha256(packed);
    }

    /**
     * Sets the removed weights to zero, in place.
     *
     * @param weight W, [out, in]
     */
    void clearRemoved(Tensor weight) {
        try (Scope scope = Scope.open()) {
            new SparsityKernels(scope).clearRemoved(weight, packed);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Mask that
                && rows == that.rows
                && columns == that.columns
                && Arrays.equals(packed, that.packed);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * rows + columns) + Arrays.hashCode(packed);
    }

    @Override
    public String toString() {
        return "Mask[%d x %d, %d kept]".formatted(rows, columns, kept());
    }
}
