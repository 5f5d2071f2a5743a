package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Files with the hidden states at the boundaries between layers, or with the gradients of the loss with respect to
 * them. A pass that was interrupted continues from these files. Boundary l is the input of layer l. Each chunk of
 * windows is one file of fp32 values, which is either complete or absent. Chunks are written in order, so a boundary is
 * complete when its last chunk exists.
 *
 * @param name prefix of the file names, which distinguishes several series in one folder
 * @param chunks number of chunks at every boundary
 */
record BoundaryFiles(Path folder, String name, int chunks) {
    void save(int boundary, List<Tensor> values) {
        for (int i = 0; i < chunks; i++) {
            try (Scope scope = Scope.open()) {
                DurableFile.write(file(boundary, i), values.get(i).stored(DType.F32, scope));
            }
        }
    }

    /**
     * @param shape shape of the chunk, [b, t, d]
     * @throws EspalierException {@code INTERNAL} when the file is missing or has another size
     */
    Tensor load(int boundary, int chunk, Scope scope, long... shape) {
        Path file = file(boundary, chunk);
        try {
            return StoredWeights.readFloats(file, scope, shape);
        } catch (IOException | IllegalArgumentException e) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "work file " + file.getFileName() + ": cannot be used; run the job again", e);
        }
    }

    /** The highest complete boundary in [first, last]. */
    OptionalInt highest(int first, int last) {
        return IntStream.rangeClosed(first, last).filter(this::complete).max();
    }

    /** The lowest complete boundary in [first, last]. */
    OptionalInt lowest(int first, int last) {
        return IntStream.rangeClosed(first, last).filter(this::complete).min();
    }

    private boolean complete(int boundary) {
        return Files.exists(file(boundary, chunks - 1));
    }

    private Path file(int boundary, int chunk) {
        return folder.resolve("%s-%d-%d.f32".formatted(name, boundary, chunk));
    }
}
