package io.espalier.model.sparsity;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Masks from scores, written out in plain Java. */
final class MaskReference {
    /** One weight. */
    record Place(int row, int column) {}

    private final boolean[][] kept;

    /** Everything kept. */
    MaskReference(int rows, int columns) {
        kept = new boolean[rows][columns];
        for (boolean[] row : kept) {
            Arrays.fill(row, true);
        }
    }

    /** Of weights that are compared, in order, the lowest go; a stable sort leaves the earlier of equal ones in front. */
    void remove(List<Place> compared, int count, ToDoubleFunction<Place> score) {
        compared.stream()
                .sorted(Comparator.comparingDouble(score))
                .limit(count)
                .forEach(place -> kept[place.row][place.column] = false);
    }

    /** In groups along each row. */
    void removeInRows(int group, int count, ToDoubleFunction<Place> score) {
        for (int row = 0; row < kept.length; row++) {
            for (int start = 0; start < kept[row].length; start += group) {
                remove(block(row, row + 1, start, start + group), count, score);
            }
        }
    }

    /** In groups along each column of some rows. */
    void removeInColumns(int firstRow, int lastRow, int group, int count, ToDoubleFunction<Place> score) {
        for (int column = 0; column < kept[0].length; column++) {
            for (int start = firstRow; start < lastRow; start += group) {
                remove(block(start, start + group, column, column + 1), count, score);
            }
        }
    }

    /** Row-major. */
    List<Place> block(int firstRow, int lastRow, int firstColumn, int lastColumn) {
        return IntStream.range(firstRow, lastRow)
                .boxed()
                .flatMap(row -> IntStream.range(firstColumn, lastColumn).mapToObj(column -> new Place(row, column)))
                .toList();
    }

    boolean keeps(int row, int column) {
        return kept[row][column];
    }

    Mask mask() {
        int columns = kept[0].length;
        byte[] packed = new byte[Mask.packedBytes(kept.length, columns)];
        for (int i = 0; i < kept.length * columns; i++) {
            if (kept[i / columns][i % columns]) {
                packed[i / 8] |= (byte) (0x80 >>> i % 8);
            }
        }
        return Mask.of(kept.length, columns, packed);
    }
}
