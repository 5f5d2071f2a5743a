package io.espalier.model.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;

/** A folder that is there as a whole or not at all. */
final class WholeFolder {
    private WholeFolder() {}

    /**
     * @param target folder to create
     * @param fill writes the files into the folder that it is given, which is renamed at the end
     * @throws EspalierException {@code ALREADY_EXISTS}, {@code DISK_FULL}, or what {@code fill} throws
     */
    static void write(Path target, Consumer<Path> fill) {
        if (Files.exists(target)) {
            throw new EspalierException(
                    ErrorCode.ALREADY_EXISTS, target.getFileName() + ": is there already; name another folder");
        }
        Path parent = Objects.requireNonNull(target.toAbsolutePath().getParent());
        Path unfinished = parent.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try {
                fill.accept(unfinished);
                DurableFile.forceTree(unfinished);
                Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                DurableFile.deleteTree(unfinished);
            }
        } catch (IOException e) {
            throw DiskSpace.failure(parent, e);
        }
    }
}
