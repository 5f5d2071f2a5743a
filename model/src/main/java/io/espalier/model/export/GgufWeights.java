package io.espalier.model.export;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.file.DurableFile;
import io.espalier.model.file.Quoted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Copies tensors into a file, some rows at a time, so that no tensor is in memory as a whole. */
final class GgufWeights {
    /** Values that are in memory at once, or one row if that is longer. */
    private static final int VALUES_PER_BLOCK = 1 << 18;

    private final Checkpoint checkpoint;
    private final FileChannel channel;

    GgufWeights(Checkpoint checkpoint, FileChannel channel) {
        this.checkpoint = checkpoint;
        this.channel = channel;
    }

    /**
     * Writes the values of a tensor.
     *
     * @param position where in the file
     * @return where they end
     * @throws EspalierException {@code MODEL_UNSUPPORTED} naming a tensor with NaN, infinite values or values that the type cannot
     *     hold
     */
    long copy(GgufTensor tensor, long position) throws IOException {
        int columns = tensor.columns();
        int rowsAtOnce = Math.min(tensor.rows(), Math.max(1, VALUES_PER_BLOCK / columns));
        float[] values = new float[rowsAtOnce * columns];
        ByteBuffer encoded = little(Math.toIntExact(tensor.type().bytes((long) rowsAtOnce * columns)));
        long end = position;
        for (int first = 0; first < tensor.rows(); first += rowsAtOnce) {
            Cancellation.check();
            int rows = Math.min(rowsAtOnce, tensor.rows() - first);
            fill(tensor, first, rows, values);
            encoded.clear();
            if (!tensor.type().encode(values, rows * columns, encoded)) {
                throw new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "tensor %s: has values that are not finite as %s; choose F32 if they are too large for it"
                                .formatted(Quoted.of(tensor.name()), tensor.type()));
            }
            encoded.flip();
            int length = encoded.remaining();
            DurableFile.writeFully(channel, encoded, end);
            end += length;
        }
        return end;
    }

    private void fill(GgufTensor tensor, int first, int rows, float[] values) {
        if (tensor.source() instanceof GgufTensor.Given given) {
            System.arraycopy(given.values(), first * tensor.columns(), values, 0, rows * tensor.columns());
        } else if (tensor.source() instanceof GgufTensor.Stored stored) {
            if (tensor.vector()) {
                vector(stored, tensor.columns(), values);
            } else {
                rows(stored, tensor.columns(), first, rows, values);
            }
        }
    }

    private void vector(GgufTensor.Stored stored, int length, float[] values) {
        float[] all = new float[checkpoint.tensor(stored.tensor()).dim(0)];
        read(stored, 0, all.length, all, 0);
        for (int i = 0; i < length; i++) {
            values[i] = all[stored.order().applyAsInt(i)];
        }
    }

    /** Rows that follow each other in the checkpoint, too, are read at once. */
    private void rows(GgufTensor.Stored stored, int columns, int first, int rows, float[] values) {
        int done = 0;
        while (done < rows) {
            int from = stored.order().applyAsInt(first + done);
            int run = 1;
            while (done + run < rows && stored.order().applyAsInt(first + done + run) == from + run) {
                run++;
            }
            read(stored, (long) from * columns, run * columns, values, done * columns);
            done += run;
        }
    }

    private void read(GgufTensor.Stored stored, long first, int count, float[] target, int at) {
        DType type = checkpoint.tensor(stored.tensor()).dtype();
        ByteBuffer bytes = little(count * type.bytes());
        checkpoint.read(stored.tensor(), first * type.bytes(), bytes);
        bytes.flip();
        float offset = (float) stored.offset();
        for (int i = at; i < at + count; i++) {
            float value = value(type, bytes);
            // The sum would make a zero of a negative zero.
            target[i] = offset == 0 ? value : value + offset;
        }
    }

    private static float value(DType type, ByteBuffer bytes) {
        return switch (type) {
            case F64 -> (float) bytes.getDouble();
            case F32 -> bytes.getFloat();
            case F16 -> Halves.toFloat(bytes.getShort());
            case BF16 -> Halves.brainToFloat(bytes.getShort());
            default -> throw new IllegalArgumentException(type + " is no type of weights");
        };
    }

    private static ByteBuffer little(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
