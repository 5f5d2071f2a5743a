package io.espalier.model.recovery;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/**
 * Files with the hidden states of a text at the boundaries between layers. Boundary l is the input of layer l. Each boundary
 * is one file, which is either complete or absent, and from which single windows can be read.
 *
 * @param name prefix of the file names, which distinguishes several series in one folder
 * @param windows n
 * @param length tokens per window t
 * @param width hidden size d
 */
record HiddenFiles(Path folder, String name, int windows, int length, int width) {
    /** @param chunks hidden states [b, t, d] of all windows, in their order */
    void save(int boundary, List<Tensor> chunks) {
        save(boundary, chunks.size(), (chunk, scope) -> chunks.get(chunk));
    }

    /** @param values gives the hidden states [b, t, d] of each chunk, in a scope; all chunks together are all windows */
    void save(int boundary, int chunks, BiFunction<Integer, Scope, Tensor> values) {
        DurableFile.write(file(boundary), channel -> {
            long position = 0;
            for (int chunk = 0; chunk < chunks; chunk++) {
                try (Scope scope = Scope.open()) {
                    ByteBuffer bytes = values.apply(chunk, scope).stored(DType.F32, scope);
                    long size = bytes.remaining();
                    DurableFile.writeFully(channel, bytes, position);
                    position += size;
                }
            }
        });
    }

    /**
     * Reads the hidden states of some windows.
     *
     * @return [windows, t, d]
     * @throws EspalierException {@code INTERNAL} when the file is missing or too short
     */
    Tensor load(int boundary, int[] some, Scope scope) {
        Path file = file(boundary);
        try {
            return StoredWeights.readFloats(file, 0, some, scope, length, width);
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "work file " + file.getFileName() + ": cannot be used; run the job again", e);
        }
    }

    boolean has(int boundary) {
        return Files.exists(file(boundary));
    }

    /** The highest complete boundary in [first, last]. */
    OptionalInt highest(int first, int last) {
        return IntStream.rangeClosed(first, last).filter(this::has).max();
    }

    /** Deletes the folder. */
    void delete() {
        try {
            DurableFile.deleteTree(folder);
        } catch (IOException e) {
            throw DiskSpace.failure(folder, e);
        }
    }

    private Path file(int boundary) {
        return folder.resolve("%s-%d.f32".formatted(name, boundary));
    }
}
