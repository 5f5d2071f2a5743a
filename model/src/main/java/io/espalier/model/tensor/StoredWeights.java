package io.espalier.model.tensor;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads weights of any storage type as fp32, through one small buffer per thread: beside the converted weights nothing
 * of the file stays in memory.
 */
public final class StoredWeights {
    private static final int BUFFER_BYTES = 4 << 20;

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder()));

    private StoredWeights() {}

    /**
     * A whole tensor in its own shape.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static Tensor read(Checkpoint checkpoint, String name, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
        return read(checkpoint, info, 0, info.elements(), shape, scope);
    }

    /** Rows [first, first + rows) of a matrix. */
    public static Tensor readRows(Checkpoint checkpoint, String name, int first, int rows, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        long width = info.dim(1);
        return read(checkpoint, info, first * width, rows * width, new long[] {rows, width}, scope);
    }

    /** The rows of an embedding that the ids name: [ids, d]. */
    public static Tensor gatherRows(Checkpoint checkpoint, String name, int[] ids, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        int width = info.dim(1);
        Kernels kernels = new Kernels(scope);
        Tensor flat = kernels.reserve((long) ids.length * width);
        int rowBytes = width * info.dtype().bytes();
        ByteBuffer buffer = rowBytes <= BUFFER_BYTES ? BUFFER.get() : ByteBuffer.allocateDirect(rowBytes);
        int rowsPerBuffer = buffer.capacity() / rowBytes;
        for (int start = 0; start < ids.length; start += rowsPerBuffer) {
            int rows = Math.min(rowsPerBuffer, ids.length - start);
            for (int i = 0; i < rows; i++) {
                buffer.limit((i + 1) * rowBytes).position(i * rowBytes);
                checkpoint.read(name, (long) ids[start + i] * rowBytes, buffer);
            }
            kernels.fill(flat, (long) start * width, buffer.position(0), info.dtype());
        }
        return finite(name, kernels, flat, ids.length, width);
    }

    private static Tensor read(
            Checkpoint checkpoint, TensorInfo info, long first, long elements, long[] shape, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor flat = kernels.reserve(elements);
        ByteBuffer buffer = BUFFER.get();
        int bytes = info.dtype().bytes();
        long perBuffer = BUFFER_BYTES / bytes;
        for (long start = 0; start < elements; start += perBuffer) {
            int count = (int) Math.min(perBuffer, elements - start);
            buffer.position(0).limit(count * bytes);
            checkpoint.read(info.name(), (first + start) * bytes, buffer);
            kernels.fill(flat, start, buffer.position(0), info.dtype());
        }
        return finite(info.name(), kernels, flat, shape);
    }

    private static Tensor finite(String name, Kernels kernels, Tensor flat, long... shape) {
        if (!kernels.allFinite(flat)) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "tensor " + name + ": holds NaN or infinite weights; the checkpoint must be made again");
        }
        Tensor shaped = kernels.reshape(flat, shape);
        flat.close();
        return shaped;
    }
}
