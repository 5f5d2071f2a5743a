package io.espalier.model.pruning;

import io.espalier.model.checkpoint.DType;
import io.espalier.model.transformer.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * Removes the rows and columns of lost units from a tensor as it is stored, a block of rows at a time, without decoding
 * it.
 */
final class StoredRowCutter {
    private final BitSet rows = new BitSet();
    /** Indices of the 16-bit words of a row that stay. */
    private final int[] kept;

    private final short[] row;
    private final short[] left;

    /** @param type storage type of the tensor; 16 bits or a multiple */
    StoredRowCutter(Surgery surgery, Parameter parameter, DType type) {
        IntStream.of(surgery.kept(parameter.rows())).forEach(rows::set);
        boolean matrix = parameter.axes().size() > 1;
        int width = matrix ? parameter.columns().length() : 1;
        int[] columns = matrix ? surgery.kept(parameter.columns()) : new int[] {0};
        int words = type.bytes() / Short.BYTES;
        kept = IntStream.of(columns)
                .flatMap(column -> IntStream.range(column * words, (column + 1) * words))
                .toArray();
        row = new short[width * words];
        left = new short[kept.length];
    }

    /**
     * Removes from a block of rows, in place.
     *
     * @param block bytes of whole rows, from index 0 to the limit
     * @param first index in the tensor of the first row of the block
     * @return the same buffer with the bytes that stay
     */
    ByteBuffer of(ByteBuffer block, int first) {
        ShortBuffer words = block.order(ByteOrder.nativeOrder()).asShortBuffer();
        int last = first + words.limit() / row.length;
        int to = 0;
        // Moving words through arrays is several times as fast. The write position never passes the read position.
        for (int i = rows.nextSetBit(first); i >= 0 && i < last; i = rows.nextSetBit(i + 1)) {
            words.get((i - first) * row.length, row);
            for (int j = 0; j < left.length; j++) {
                left[j] = row[kept[j]];
            }
            words.put(to, left);
            to += left.length;
        }
        return block.position(0).limit(to * Short.BYTES);
    }
}
