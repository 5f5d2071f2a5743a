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
 * Reads weights of any storage type as tensors. Weights stored in the requested type can be used without a copy, as
 * mapped pages of the file. All others are converted through one small buffer per thread.
 */
public final class StoredWeights {
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final int ELEMENTS_CHECKED_TOGETHER = 1 << 23;

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder()));

    private StoredWeights() {}

    /**
     * Reads a whole tensor in its own shape, as fp32. The caller may change it.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static Tensor read(Checkpoint checkpoint, String name, Scope scope) {
        return read(checkpoint, name, ComputeType.FP32, scope);
    }

    /**
     * Reads a whole tensor in its own shape. The caller may change it.
     *
     * @throws EspalierException as {@link #read(Checkpoint, String, Scope)}; {@code INVALID_ARGUMENT} naming the compute
     *     type when a weight is finite in the file but not in {@code type}
     */
    public static Tensor read(Checkpoint checkpoint, String name, ComputeType type, Scope scope) {
        return Part.whole(checkpoint, name).copied(type, Allocator.FRESH, scope);
    }

    /**
     * A whole tensor in its own shape, to compute with. Its memory may be mapped pages of the file, so the caller must
     * not write to it or move it to another scope.
     *
     * @param memory allocates the tensor if it has to be converted
     * @throws EspalierException as {@link #read(Checkpoint, String, ComputeType, Scope)}
     */
    public static Tensor use(Checkpoint checkpoint, String name, ComputeType type, Allocator memory, Scope scope) {
        return Part.whole(checkpoint, name).mappedOrCopied(type, memory, scope);
    }

    /**
     * Reads the bytes of rows [first, first + rows) of a tensor, in its storage type, and checks them. The caller may
     * change the buffer. Its content is valid until the current thread reads other weights.
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
        // A few rows are too little work for two threads, and another thread digests the rows before at the same time.
        int threads = engine.limitThreads(1);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Tensor flat = kernels.view(buffer.flip(), info.dtype());
            requireFinite(name, kernels, flat, flat.elements());
        } finally {
            engine.limitThreads(threads);
        }
        return buffer;
    }

    /** Rows [first, first + rows) of a matrix [.., width], on the same terms as {@link #use}. */
    public static Tensor useRows(
            Checkpoint checkpoint, String name, int first, int rows, ComputeType type, Allocator memory, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        long width = info.dim(1);
        return new Part(checkpoint, info, first * width, rows * width, rows, width).mappedOrCopied(type, memory, scope);
    }

    /**
     * Checks a tensor in blocks of rows and then copies it from file to file.
     *
     * @param source name of the tensor in the checkpoint
     * @param name name of the tensor in the written checkpoint
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
            long block = Math.max(1, ELEMENTS_CHECKED_TOGETHER / width);
            for (long first = 0; first < rows; first += block) {
                long elements = Math.min(block, rows - first) * width;
                try (Scope scope = Scope.open()) {
                    new Part(checkpoint, info, first * width, elements, elements)
                            .mappedOrCopied(type, Allocator.FRESH, scope);
                }
            }
        }
        out.copy(checkpoint, source, name);
    }

    /** Gathers the rows of an embedding [vocabulary, d] by their ids: fp32 [ids, d]. */
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
        return requireFinite(name, kernels, flat, ids.length, width);
    }

    /**
     * Reads a file that holds nothing but fp32 values in native byte order.
     *
     * @return fp32, in the given shape
     * @throws IOException when the file is missing or has another size
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

    /** Elements [first, first + elements) of a tensor, to be read as a tensor of the given shape. */
    private record Part(Checkpoint checkpoint, TensorInfo info, long first, long elements, long... shape) {
        static Part whole(Checkpoint checkpoint, String name) {
            TensorInfo info = checkpoint.tensor(name);
            long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
            return new Part(checkpoint, info, 0, info.elements(), shape);
        }

        Tensor mappedOrCopied(ComputeType type, Allocator memory, Scope scope) {
            return info.dtype() == type.stored() && mappable() ? mapped(scope) : copied(type, memory, scope);
        }

        private long bytes() {
            return elements * info.dtype().bytes();
        }

        /** A mapping below the size of a page takes more memory than a copy. A buffer cannot show more than 2 GiB. */
        boolean mappable() {
            return bytes() >= PAGE_BYTES && bytes() <= Integer.MAX_VALUE && checkpoint.aligned(info.name());
        }

        Tensor mapped(Scope scope) {
            Kernels kernels = new Kernels(scope);
            var mapping = checkpoint.map(info.name(), first * info.dtype().bytes(), bytes());
            Tensor flat = kernels.mapped(mapping, info.dtype());
            // The file does not change while it is open, so one check is enough. It costs a tenth
            // of the computation that the weights are read for.
            if (checkpoint.knownFinite(info.name(), first, elements)) {
                return shaped(kernels, flat, shape);
            }
            Tensor finite = requireFinite(info.name(), kernels, flat, shape);
            checkpoint.rememberFinite(info.name(), first, elements);
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
            // Without a conversion a number that is not finite was stored so: the checkpoint, not the type, is at
            // fault.
            return requireFinite(
                    type.stored() == info.dtype() ? ComputeType.FP32 : type, info.name(), kernels, flat, shape);
        }
    }

    private static Tensor requireFinite(String name, Kernels kernels, Tensor flat, long... shape) {
        return requireFinite(ComputeType.FP32, name, kernels, flat, shape);
    }

    private static Tensor requireFinite(ComputeType type, String name, Kernels kernels, Tensor flat, long... shape) {
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
