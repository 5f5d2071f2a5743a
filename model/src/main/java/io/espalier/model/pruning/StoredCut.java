package io.espalier.model.pruning;

import io.espalier.model.checkpoint.DType;
import io.espalier.model.transformer.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Cuts units out of a tensor as it is stored, a block of its rows at a time: elements are moved, never looked at. */
final class StoredCut {
    private final BitSet rows = new BitSet();
    private final int rowBytes;
    private final @Nullable Columns columns;
    private ByteBuffer cut;

    /**
     * @param type the tensor's
     * @param blockBytes of a block, as a rule
     */
    StoredCut(Surgery surgery, Parameter parameter, DType type, int blockBytes) {
        IntStream.of(surgery.kept(parameter.rows())).forEach(rows::set);
        boolean matrix = parameter.axes().size() > 1;
        int width = matrix ? parameter.columns().length() : 1;
        rowBytes = width * type.bytes();
        columns = matrix && parameter.columns().removable()
                ? Columns.of(surgery.kept(parameter.columns()), width, type)
                : null;
        cut = ByteBuffer.allocateDirect(blockBytes);
    }

    /**
     * @param block bytes of whole rows
     * @param first the row it begins with
     * @return what is left of them, until the next call
     */
    ByteBuffer of(ByteBuffer block, int first) {
        if (cut.capacity() < block.remaining()) {
            cut = ByteBuffer.allocateDirect(block.remaining());
        }
        cut.clear().order(ByteOrder.nativeOrder());
        block.order(ByteOrder.nativeOrder());
        int last = first + block.remaining() / rowBytes;
        for (int row = rows.nextSetBit(first); row >= 0 && row < last; row = rows.nextSetBit(row + 1)) {
            ByteBuffer whole = block.slice(block.position() + (row - first) * rowBytes, rowBytes)
                    .order(ByteOrder.nativeOrder());
            if (columns == null) {
                cut.put(whole);
            } else {
                columns.move(whole, cut);
            }
        }
        return cut.flip();
    }

    /** Moves the elements that stay from one row to the end of another buffer; through arrays, which is several times as fast. */
    private interface Columns {
        void move(ByteBuffer row, ByteBuffer cut);

        static Columns of(int[] kept, int width, DType type) {
            return switch (type.bytes()) {
                case Short.BYTES -> shorts(kept, width);
                case Integer.BYTES -> ints(kept, width);
                default -> longs(kept, width);
            };
        }

        private static Columns shorts(int[] kept, int width) {
            short[] all = new short[width];
            short[] left = new short[kept.length];
            return (row, cut) -> {
                row.asShortBuffer().get(all);
                for (int i = 0; i < left.length; i++) {
                    left[i] = all[kept[i]];
                }
                cut.asShortBuffer().put(left);
                cut.position(cut.position() + left.length * Short.BYTES);
            };
        }

        private static Columns ints(int[] kept, int width) {
            int[] all = new int[width];
            int[] left = new int[kept.length];
            return (row, cut) -> {
                row.asIntBuffer().get(all);
                for (int i = 0; i < left.length; i++) {
                    left[i] = all[kept[i]];
                }
                cut.asIntBuffer().put(left);
                cut.position(cut.position() + left.length * Integer.BYTES);
            };
        }

        private static Columns longs(int[] kept, int width) {
            long[] all = new long[width];
            long[] left = new long[kept.length];
            return (row, cut) -> {
                row.asLongBuffer().get(all);
                for (int i = 0; i < left.length; i++) {
                    left[i] = all[kept[i]];
                }
                cut.asLongBuffer().put(left);
                cut.position(cut.position() + left.length * Long.BYTES);
            };
        }
    }
}
