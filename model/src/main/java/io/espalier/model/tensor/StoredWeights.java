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
 * Reads weights of any storage type into memory of the engine. Weights stored in the requested type are read straight
 * into their tensor. All others are converted through one small buffer per thread.
 *
 * <p>A file is never mapped: the system kills a process that touches a mapped page of a file that was cut meanwhile.
 */
public final class StoredWeights {
    private static final int BUFFER_BYTES = 4 << 20;

    /** Bytes that are copied together, so that they stay in the cache of one core. */
    private static final int CACHED_BYTES = 1 << 20;

    /** Bytes that are read at once. A buffer cannot show more than 2 GiB, and between two reads the work can be stopped. */
    private static final int READ_TOGETHER = 64 << 20;

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder()));

    private StoredWeights() {}

    /**
     * Reads a whole tensor in its own shape, as fp32, into new memory.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static Tensor read(Checkpoint checkpoint, String name, Scope scope) {
        return read(checkpoint, name, ComputeType.FP32, Allocator.FRESH, scope);
    }

    /**
     * Reads a whole tensor in its own shape.
     *
     * @param memory allocates the tensor
     * @throws EspalierException as {@link #read(Checkpoint, String, Scope)}; {@code INVALID_ARGUMENT} naming the compute
     *     type when a weight is finite in the file but not in {@code type}
     */
    public static Tensor read(Checkpoint checkpoint, String name, ComputeType type, Allocator memory, Scope scope) {
        return Part.whole(checkpoint, name).read(type, memory, scope);
    }

    /** Reads the rows [first, first + rows) of a matrix [.., width], on the same terms. */
    public static Tensor readRows(
            Checkpoint checkpoint, String name, int first, int rows, ComputeType type, Allocator memory, Scope scope) {
        TensorInfo info = checkpoint.tensor(name);
        long width = info.dim(1);
        return new Part(checkpoint, info, first * width, rows * width, rows, width).read(type, memory, scope);
    }

    /**
     * Reads the bytes of rows [first, first + rows) of a tensor, in its storage type, and checks them. The caller may
     * change the buffer. Its content is valid until the current thread reads other weights.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static ByteBuffer storedRows(Checkpoint checkpoint, String name, int first, int rows) {
        TensorInfo info = checkpoint.tensor(name);
        long rowBytes = info.bytes() / info.dim(0);
        return stored(checkpoint, info, first * rowBytes, Math.toIntExact(rows * rowBytes));
    }

    private static ByteBuffer stored(Checkpoint checkpoint, TensorInfo info, long start, int bytes) {
        ByteBuffer buffer = bytes <= BUFFER_BYTES ? BUFFER.get() : ByteBuffer.allocateDirect(bytes);
        checkpoint.read(info.name(), start, buffer.clear().limit(bytes));
        buffer.flip();
        if (info.dtype().floating()) {
            requireFinite(info, buffer);
        }
        return buffer;
    }

    private static void requireFinite(TensorInfo info, ByteBuffer stored) {
        Engine engine = Engine.started();
        // A few rows are too little work for two threads, and another thread digests the rows before at the same time.
        int threads = engine.limitThreads(1);
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            requireFinite(ComputeType.FP32, info.name(), kernels, kernels.view(stored, info.dtype()));
        } finally {
            engine.limitThreads(threads);
        }
    }

    /**
     * Copies a tensor from file to file, and checks it on the way.
     *
     * @param source name of the tensor in the checkpoint
     * @param name name of the tensor in the written checkpoint
     * @throws EspalierException {@code MODEL_CORRUPT} naming the tensor when a weight is NaN or infinite
     */
    public static void copy(Checkpoint checkpoint, String source, CheckpointWriter out, String name) {
        TensorInfo info = checkpoint.tensor(source);
        long start = 0;
        // A tensor without elements is written too.
        do {
            int bytes = (int) Math.min(CACHED_BYTES, info.bytes() - start);
            out.append(name, stored(checkpoint, info, start, bytes));
            start += bytes;
        } while (start < info.bytes());
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
        requireFinite(ComputeType.FP32, name, kernels, flat);
        return shaped(kernels, flat, ids.length, width);
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
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() != elements * Float.BYTES) {
                throw new IOException("%d bytes instead of %d".formatted(channel.size(), elements * Float.BYTES));
            }
            readFloats(channel, 0, kernels, flat, 0, elements);
        }
        return shaped(kernels, flat, shape);
    }

    /**
     * Reads some of the equally large arrays that a file holds one after the other, in fp32 and native byte order.
     *
     * @param start position of the first array in the file, in bytes
     * @param arrays which of them, from 0
     * @param shape of one array
     * @return fp32, [arrays, shape...]
     * @throws IOException when the file is missing or too short
     */
    public static Tensor readFloats(Path file, long start, int[] arrays, Scope scope, long... shape)
            throws IOException {
        Kernels kernels = new Kernels(scope);
        long elements = LongStream.of(shape).reduce(1, Math::multiplyExact);
        Tensor flat = kernels.reserve(elements * arrays.length, ComputeType.FP32);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int i = 0; i < arrays.length; i++) {
                readFloats(channel, start + arrays[i] * elements * Float.BYTES, kernels, flat, i * elements, elements);
            }
        }
        long[] all = LongStream.concat(LongStream.of(arrays.length), LongStream.of(shape))
                .toArray();
        return shaped(kernels, flat, all);
    }

    private static void readFloats(
            FileChannel channel, long position, Kernels kernels, Tensor flat, long start, long elements)
            throws IOException {
        ByteBuffer buffer = BUFFER.get();
        long read = 0;
        while (read < elements) {
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, (elements - read) * Float.BYTES));
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, position + read * Float.BYTES + buffer.position()) < 0) {
                    throw new IOException("cut while it was read");
                }
            }
            buffer.flip();
            int count = buffer.remaining() / Float.BYTES;
            kernels.fill(flat, start + read, buffer, DType.F32);
            read += count;
        }
    }

    /** Elements [first, first + elements) of a tensor, to be read as a tensor of the given shape. */
    private record Part(Checkpoint checkpoint, TensorInfo info, long first, long elements, long... shape) {
        static Part whole(Checkpoint checkpoint, String name) {
            TensorInfo info = checkpoint.tensor(name);
            long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
            return new Part(checkpoint, info, 0, info.elements(), shape);
        }

        Tensor read(ComputeType type, Allocator memory, Scope scope) {
            Kernels kernels = new Kernels(scope);
            Tensor flat = memory.reserve(elements, type, scope);
            if (info.dtype() == type.stored()) {
                readInto(flat, type, kernels);
            } else {
                convertInto(flat, type, kernels);
            }
            return shaped(kernels, flat, shape);
        }

        private void readInto(Tensor flat, ComputeType type, Kernels kernels) {
            long together = READ_TOGETHER / type.bytes();
            for (long start = 0; start < elements; start += together) {
                long count = Math.min(together, elements - start);
                try (Scope piece = Scope.open()) {
                    ByteBuffer memory = new Kernels(piece).memory(flat, type, start, count);
                    checkpoint.read(info.name(), (first + start) * type.bytes(), memory);
                }
            }
            // Every pass of a job reads the same weights, so one check is enough. It costs a tenth of the computation
            // that they are read for. A job notices otherwise that its files changed.
            if (!checkpoint.knownFinite(info.name(), first, elements)) {
                // The number was stored so: the checkpoint, not the type, is at fault.
                requireFinite(ComputeType.FP32, info.name(), kernels, flat);
                checkpoint.rememberFinite(info.name(), first, elements);
            }
        }

        private void convertInto(Tensor flat, ComputeType type, Kernels kernels) {
            ByteBuffer buffer = BUFFER.get();
            int bytes = info.dtype().bytes();
            long perBuffer = BUFFER_BYTES / bytes;
            for (long start = 0; start < elements; start += perBuffer) {
                int count = (int) Math.min(perBuffer, elements - start);
                buffer.position(0).limit(count * bytes);
                checkpoint.read(info.name(), (first + start) * bytes, buffer);
                kernels.fill(flat, start, buffer.position(0), info.dtype());
            }
            requireFinite(type, info.name(), kernels, flat);
        }
    }

    private static void requireFinite(ComputeType type, String name, Kernels kernels, Tensor flat) {
        if (!kernels.allFinite(flat)) {
            throw type.notFinite("tensor " + name);
        }
    }

    private static Tensor shaped(Kernels kernels, Tensor flat, long... shape) {
        Tensor shaped = kernels.reshape(flat, shape);
        flat.close();
        return shaped;
    }
}
