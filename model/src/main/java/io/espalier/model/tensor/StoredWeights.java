package io.espalier.model.tensor;

import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.LongStream;

/**
 * Weights of any storage type as tensors. What is stored in the type asked for can be used where it lies, in the page
 * cache; all else is converted through one small buffer per thread, and nothing of the file stays in memory beside it.
 */
public final class StoredWeights {
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final int LOOKED_AT_TOGETHER = 1 << 23;

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder()));

    private StoredWeights() {}

    /**
     * A whole tensor in its own shape, fp32.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static Tensor read(Checkpoint checkpoint, String name, Scope scope) {
        return read(checkpoint, name, ComputeType.FP32, scope);
    }

    /** The same in another type. */
    public static Tensor read(Checkpoint checkpoint, String name, ComputeType type, Scope scope) {
        return Part.whole(checkpoint, name).copied(type, Allocator.FRESH, scope);
    }

    /**
     * A whole tensor in its own shape to compute with: nothing may write to it, and no other scope may keep it.
     *
     * @param memory of what has to be converted
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static Tensor use(Checkpoint checkpoint, String name, ComputeType type, Allocator memory, Scope scope) {
        return Part.whole(checkpoint, name).inPlaceOrCopied(type, memory, scope);
    }

    /**
     * The bytes of rows [first, first + rows) of a tensor, once they have been looked at. They may be changed, and
     * last until this thread reads other weights.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static ByteBuffer readRows(Checkpoint checkpoint, String name, int first, int rows) {
        TensorInfo info = checkpoint.tensor(name);
        long rowBytes = info.bytes() / info.dim(0);
        int bytes = Math.toIntExact(rows * rowBytes);
        ByteBuffer buffer = bytes <= BUFFER_BYTES ? BUFFER.get() : ByteBuffer.allocateDirect(bytes);
        checkpoint.read(name, first * rowBytes, buffer.clear().limit(bytes));
        Engine engine = Engine.started();
        // To look at a few rows is no work for two, and what becomes of them is done beside.
        int threads = engine.limitThreads(1);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor flat = kernels.view(buffer.flip(), info.dtype());
            finite(name, kernels, flat, flat.elements());
        } finally {
            engine.limitThreads(threads);
        }
        return buffer;
    }

    /** Rows [first, first + rows) of a matrix, under the same conditions as {@link #use}. */
    public static Tensor useRows(
            Checkpoint checkpoint, String name, int first, int rows, ComputeType type, Allocator memory, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        long width = info.dim(1);
        return new Part(checkpoint, info, first * width, rows * width, rows, width)
                .inPlaceOrCopied(type, memory, scope);
    }

    /**
     * Copies a tensor from file to file once it has been looked at, in blocks of rows.
     *
     * @param name it gets there
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static void copy(Checkpoint checkpoint, String source, CheckpointWriter out, String name) {
        TensorInfo info = checkpoint.tensor(source);
        if (info.dtype().floating() && info.elements() > 0) {
            ComputeType type =
                    switch (info.dtype()) {
                        case BF16 -> ComputeType.BF16;
                        case F16 -> ComputeType.FP16;
                        default -> ComputeType.FP32;
                    };
            long rows = info.shape().isEmpty() ? 1 : info.shape().get(0);
            long width = info.elements() / rows;
            long block = Math.max(1, LOOKED_AT_TOGETHER / width);
            for (long first = 0; first < rows; first += block) {
                long elements = Math.min(block, rows - first) * width;
                try (Scope scope = Scope.open()) {
                    new Part(checkpoint, info, first * width, elements, elements)
                            .inPlaceOrCopied(type, Allocator.FRESH, scope);
                }
            }
        }
        out.copy(checkpoint, source, name);
    }

    /** The rows of an embedding that the ids name, fp32: [ids, d]. */
    public static Tensor gatherRows(Checkpoint checkpoint, String name, int[] ids, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        int width = info.dim(1);
        Kernels kernels = new Kernels(scope);
        Tensor flat = kernels.reserve((long) ids.length * width, ComputeType.FP32);
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

    /**
     * A file of nothing but fp32 values in native order.
     *
     * @throws IOException when it is gone or of another size
     */
    public static Tensor readFloats(Path file, Scope scope, long... shape) throws IOException {
        Kernels kernels = new Kernels(scope);
        long elements = LongStream.of(shape).reduce(1, Math::multiplyExact);
        Tensor flat = kernels.reserve(elements, ComputeType.FP32);
        ByteBuffer buffer = BUFFER.get();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() != elements * Float.BYTES) {
                throw new IOException("%d bytes instead of %d".formatted(channel.size(), elements * Float.BYTES));
            }
            long start = 0;
            while (start < elements) {
                buffer.clear().limit((int) Math.min(BUFFER_BYTES, (elements - start) * Float.BYTES));
                while (buffer.hasRemaining()) {
                    if (channel.read(buffer) < 0) {
                        throw new IOException("cut while it was read");
                    }
                }
                buffer.flip();
                int count = buffer.remaining() / Float.BYTES;
                kernels.fill(flat, start, buffer, DType.F32);
                start += count;
            }
        }
        return shaped(kernels, flat, shape);
    }

    /** Elements [first, first + elements) of a tensor, to be seen under a shape. */
    private record Part(Checkpoint checkpoint, TensorInfo info, long first, long elements, long... shape) {
        static Part whole(Checkpoint checkpoint, String name) {
            TensorInfo info = checkpoint.tensor(name);
            long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
            return new Part(checkpoint, info, 0, info.elements(), shape);
        }

        Tensor inPlaceOrCopied(ComputeType type, Allocator memory, Scope scope) {
            return info.dtype() == type.stored() && usable() ? inPlace(scope) : copied(type, memory, scope);
        }

        private long bytes() {
            return elements * info.dtype().bytes();
        }

        /** Below a page a mapping takes more memory than a copy; above the most, it is more than one buffer can show. */
        boolean usable() {
            return bytes() >= PAGE_BYTES && bytes() <= Integer.MAX_VALUE && checkpoint.aligned(info.name());
        }

        Tensor inPlace(Scope scope) {
            Kernels kernels = new Kernels(scope);
            var mapped = checkpoint.map(info.name(), first * info.dtype().bytes(), bytes());
            Tensor flat = kernels.inPlace(mapped, info.dtype());
            // The bytes are the file's own, so one look at them is enough; it costs a tenth of what they are read for.
            if (checkpoint.sound(info.name(), first, elements)) {
                return shaped(kernels, flat, shape);
            }
            Tensor finite = finite(info.name(), kernels, flat, shape);
            checkpoint.foundSound(info.name(), first, elements);
            return finite;
        }

        Tensor copied(ComputeType type, Allocator memory, Scope scope) {
            Kernels kernels = new Kernels(scope);
            Tensor flat = memory.reserve(elements, type, scope);
            ByteBuffer buffer = BUFFER.get();
            int bytes = info.dtype().bytes();
            long perBuffer = BUFFER_BYTES / bytes;
            for (long start = 0; start < elements; start += perBuffer) {
                int count = (int) Math.min(perBuffer, elements - start);
                buffer.position(0).limit(count * bytes);
                checkpoint.read(info.name(), (first + start) * bytes, buffer);
                kernels.fill(flat, start, buffer.position(0), info.dtype());
            }
            // Only a conversion can have lost what the type asked for does not hold.
            return finite(type.stored() == info.dtype() ? ComputeType.FP32 : type, info.name(), kernels, flat, shape);
        }
    }

    private static Tensor finite(String name, Kernels kernels, Tensor flat, long... shape) {
        return finite(ComputeType.FP32, name, kernels, flat, shape);
    }

    private static Tensor finite(ComputeType type, String name, Kernels kernels, Tensor flat, long... shape) {
        if (!kernels.allFinite(flat)) {
            throw type.notFinite("tensor " + name);
        }
        return shaped(kernels, flat, shape);
    }

    private static Tensor shaped(Kernels kernels, Tensor flat, long... shape) {
        Tensor shaped = kernels.reshape(flat, shape);
        flat.close();
        return shaped;
    }
}
