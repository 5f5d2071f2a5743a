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
 * Hidden states at the boundaries between layers, or the loss's gradients with respect to them, as files: the position of
 * a backpropagation, which whoever opens the folder next continues. Boundary l lies in front of layer l; each of its
 * chunks is a file of fp32 values, complete or absent, and the last one makes the boundary count.
 *
 * @param name distinguishes several series in a folder
 * @param chunks of every boundary
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
     * @param shape of one chunk, [b, t, d]
     * @throws EspalierException {@code INTERNAL} when the file is gone or of another size
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

    /** The highest boundary in [first, last] that is there. */
    OptionalInt highest(int first, int last) {
        return IntStream.rangeClosed(first, last).filter(this::complete).max();
    }

    /** The lowest boundary in [first, last] that is there. */
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
