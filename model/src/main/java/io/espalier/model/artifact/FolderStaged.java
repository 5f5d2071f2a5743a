package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A staging area of a {@link FolderArtifactStore} behind its end.
 *
 * @param name of the folder, relative to the artifact root
 * @param files reads a file of the store
 */
record FolderStaged(String name, Path folder, Manifest manifest, Function<StoredFile, byte[]> files) implements Staged {
    @Override
    public Checkpoint open() {
        return Checkpoint.open(folder);
    }

    @Override
    public byte[] read(String file) {
        String sha256 = manifest.files().get(file);
        if (sha256 == null) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, name + ": the artifact holds no " + file);
        }
        return files.apply(new StoredFile(name + "/" + file, sha256));
    }
}
