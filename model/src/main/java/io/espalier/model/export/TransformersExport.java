package io.espalier.model.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.StoredWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * A copy of a checkpoint that stock transformers loads: its config in the spelling that transformers reads, and the Python file
 * where layers differ. For checkpoints of earlier versions, whose per-layer shapes transformers does not understand.
 */
public final class TransformersExport {
    private TransformersExport() {}

    /**
     * Writes the copy. It is there as a whole or not at all.
     *
     * @param target folder to create
     * @return its config
     * @throws EspalierException {@code ALREADY_EXISTS}, {@code DISK_FULL}, {@code CANCELLED}
     */
    public static WrittenConfig write(Checkpoint checkpoint, Path target, Progress progress) {
        if (Files.exists(target)) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, target.getFileName() + ": is there already; name another folder");
        }
        WrittenConfig config = checkpoint.config().asItIs("every layer has one shape");
        Path folder = Objects.requireNonNull(target.toAbsolutePath().getParent());
        Path unfinished = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try {
                copy(checkpoint, config, unfinished, progress);
                DurableFile.forceTree(unfinished);
                Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                DurableFile.deleteTree(unfinished);
            }
        } catch (IOException e) {
            throw DiskSpace.failure(folder, e);
        }
        return config;
    }

    private static void copy(Checkpoint checkpoint, WrittenConfig config, Path folder, Progress progress) {
        List<TensorInfo> tensors = List.copyOf(checkpoint.tensors().values());
        try (CheckpointWriter writer = CheckpointWriter.create(folder, tensors)) {
            for (int i = 0; i < tensors.size(); i++) {
                String name = tensors.get(i).name();
                StoredWeights.copy(checkpoint, name, writer, name);
                progress.advanced("tensors", i + 1L, tensors.size(), 0);
            }
            writer.writeConfig(config);
            writer.copyCompanions(checkpoint);
            writer.finish();
        }
    }
}
