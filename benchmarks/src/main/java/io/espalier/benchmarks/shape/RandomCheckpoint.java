package io.espalier.benchmarks.shape;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A checkpoint of normally distributed weights, written one tensor at a time. The standard deviation {@code 1/√in} keeps
 * activations at the same scale. It is smaller for the output projections, so that the residual stream grows only by a
 * small factor over L layers.
 */
public final class RandomCheckpoint {
    private static final int SEED = 20260101;

    private RandomCheckpoint() {}

    /**
     * The checkpoint of a shape. The first call writes it.
     *
     * @param cache folder that holds the checkpoints of all shapes
     * @param say receives a message when a checkpoint is written
     * @throws io.espalier.base.EspalierException {@code DISK_FULL} when it does not fit on the disk
     */
    public static Path in(Path cache, Shape shape, Consumer<String> say) throws IOException {
        Path folder = cache.resolve(shape.spelled());
        if (Files.exists(folder)) {
            return folder;
        }
        Files.createDirectories(cache);
        DiskRoom.require(cache, shape.bytes());
        say.accept("writing a random checkpoint of %,d bytes to %s".formatted(shape.bytes(), folder));
        Path unfinished = Files.createTempDirectory(cache, shape.spelled() + ".unfinished-");
        write(shape, unfinished);
        return Files.move(unfinished, folder);
    }

    private static void write(Shape shape, Path folder) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(shape.tensors().stream()
                        .mapToInt(tensor -> Math.toIntExact(tensor.bytes()))
                        .max()
                        .orElseThrow())
                .order(ByteOrder.LITTLE_ENDIAN);
        SplittableRandom random = new SplittableRandom(SEED);
        try (CheckpointWriter writer = CheckpointWriter.create(folder, shape.tensors())) {
            for (TensorInfo tensor : shape.tensors()) {
                buffer.clear().limit(Math.toIntExact(tensor.bytes()));
                distribution(tensor, shape).fill(buffer, random.split());
                writer.write(tensor.name(), buffer.flip());
            }
            writer.writeJson(Checkpoint.CONFIG, shape.config());
            writer.finish();
        }
    }

    private static StoredNormal distribution(TensorInfo tensor, Shape shape) {
        if (tensor.shape().size() == 1) {
            return StoredNormal.constant(1);
        }
        if (tensor.name().contains("embed")) {
            return StoredNormal.of(1);
        }
        double kept = 1 / Math.sqrt(tensor.dim(1));
        boolean endsBranch = tensor.name().contains("o_proj") || tensor.name().contains("down_proj");
        return StoredNormal.of(endsBranch ? kept / Math.sqrt(2.0 * shape.layers()) : kept);
    }
}
