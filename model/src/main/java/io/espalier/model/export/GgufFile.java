package io.espalier.model.export;

import io.espalier.base.Cancellation;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** A GGUF file of version 3: a header, keys and values, the list of tensors, and their values. */
record GgufFile(GgufMetadata metadata, List<GgufTensor> tensors) {
    private static final int VERSION = 3;

    /** Where a tensor may begin; the value that holds if no key says another. */
    private static final int ALIGNMENT = 32;

    GgufFile {
        tensors = List.copyOf(tensors);
    }

    private byte[] header() {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        header.writeBytes(buffer(Integer.BYTES + 2 * Long.BYTES)
                .putInt(VERSION)
                .putLong(tensors.size())
                .putLong(metadata.count())
                .array());
        header.writeBytes(metadata.bytes());
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            byte[] name = tensor.name().getBytes(StandardCharsets.UTF_8);
            header.writeBytes(buffer(Long.BYTES).putLong(name.length).array());
            header.writeBytes(name);
            // The axis whose values follow each other comes first.
            long[] axes =
                    tensor.vector() ? new long[] {tensor.columns()} : new long[] {tensor.columns(), tensor.rows()};
            byte[] entry = new byte[2 * Integer.BYTES + (axes.length + 1) * Long.BYTES];
            ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
            fields.putInt(axes.length);
            for (long length : axes) {
                fields.putLong(length);
            }
            fields.putInt(tensor.type().id()).putLong(offset);
            header.writeBytes(entry);
            offset += aligned(tensor.bytes());
        }
        return header.toByteArray();
    }

    /** The length of the file. */
    long bytes() {
        return aligned(header().length)
                + tensors.stream().mapToLong(tensor -> aligned(tensor.bytes())).sum();
    }

    /**
     * Writes the file under a temporary name beside it, makes it durable and renames it.
     *
     * @throws EspalierException {@code DISK_FULL}, {@code CANCELLED}, or as {@link GgufWeights#copy}; then there is no file
     */
    void write(Checkpoint checkpoint, Path file, Progress progress) {
        Path target = file.toAbsolutePath();
        Path folder = Objects.requireNonNull(target.getParent());
        Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.createDirectories(folder);
            DiskSpace.require(folder, bytes());
            try {
                try (FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                    write(checkpoint, channel, progress);
                    channel.force(true);
                }
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
            DurableFile.forceFolder(folder);
        } catch (IOException e) {
            throw DiskSpace.failure(folder, e);
        }
    }

    private void write(Checkpoint checkpoint, FileChannel channel, Progress progress) throws IOException {
        byte[] header = header();
        DurableFile.writeFully(channel, ByteBuffer.wrap(header), 0);
        long position = header.length;
        position = pad(channel, position);
        GgufWeights weights = new GgufWeights(checkpoint, channel);
        for (int written = 0; written < tensors.size(); written++) {
            Cancellation.check();
            position = pad(channel, weights.copy(tensors.get(written), position));
            progress.advanced("tensors", written + 1L, tensors.size(), 0);
        }
    }

    private static long pad(FileChannel channel, long position) throws IOException {
        DurableFile.writeFully(channel, ByteBuffer.allocate((int) (aligned(position) - position)), position);
        return aligned(position);
    }

    private static long aligned(long position) {
        return (position + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
