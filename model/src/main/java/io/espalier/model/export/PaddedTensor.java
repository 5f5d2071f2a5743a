package io.espalier.model.export;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.transformer.Axis;
import io.espalier.model.transformer.Parameter;
import io.espalier.model.transformer.UnitKind;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A tensor that is written with rows and columns of zeros between its own. It is copied as it is stored, row by row. */
final class PaddedTensor {
    private static final int NOTHING = -1;

    private final Parameter narrow;
    private final Parameter wide;
    /** For each row of the wide tensor the row of the narrow one, or {@link #NOTHING}. */
    private final int[] rows;
    /** For each column of the narrow tensor the column of the wide one. */
    private final int[] columns;

    /** @param places where each attention unit of the narrow layer goes in the wide one */
    PaddedTensor(Parameter narrow, Parameter wide, int[] places) {
        this.narrow = narrow;
        this.wide = wide;
        rows = new int[wide.rows().length()];
        Arrays.fill(rows, NOTHING);
        int[] to = positions(narrow.rows(), wide.rows(), places);
        for (int row = 0; row < to.length; row++) {
            rows[to[row]] = row;
        }
        columns = isMatrix() ? positions(narrow.columns(), wide.columns(), places) : new int[] {0};
    }

    private boolean isMatrix() {
        return narrow.axes().size() > 1;
    }

    /** For each position of the narrow axis its position in the wide one. */
    private static int[] positions(Axis narrow, Axis wide, int[] places) {
        int[] positions = new int[narrow.length()];
        int from = 0;
        int to = 0;
        for (int i = 0; i < narrow.runs().size(); i++) {
            Axis.Run run = narrow.runs().get(i);
            Axis.Run wider = wide.runs().get(i);
            for (int unit = 0; unit < run.units(); unit++) {
                int place = run.kind() == UnitKind.ATTENTION ? places[unit] : unit;
                for (int j = 0; j < run.width(); j++) {
                    positions[from++] = to + place * wider.width() + j;
                }
            }
            to += wider.length();
        }
        return positions;
    }

    /** What is written in the place of a stored tensor. */
    TensorInfo declared(TensorInfo stored) {
        return new TensorInfo(stored.name(), stored.dtype(), wide.shape());
    }

    void write(Checkpoint from, CheckpointWriter to) {
        TensorInfo stored = from.tensor(narrow.name());
        int element = stored.dtype().bytes();
        int width = isMatrix() ? wide.columns().length() : 1;
        byte[] own = new byte[columns.length * element];
        byte[] filled = new byte[width * element];
        for (int row : rows) {
            Arrays.fill(filled, (byte) 0);
            if (row != NOTHING) {
                from.read(narrow.name(), (long) row * own.length, ByteBuffer.wrap(own));
                for (int column = 0; column < columns.length; column++) {
                    System.arraycopy(own, column * element, filled, columns[column] * element, element);
                }
            }
            to.append(narrow.name(), ByteBuffer.wrap(filled));
        }
    }
}
