package io.espalier.model.artifact;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.file.DurableFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * A staging area of a {@link FolderArtifactStore}.
 *
 * @param name of the folder, relative to the artifact root
 */
record FolderStaging(String name, Path folder) implements Staging {
    @Override
    public CheckpointWriter checkpoint(List<TensorInfo> tensors) {
        return CheckpointWriter.create(folder, tensors);
    }

    @Override
    public void write(String file, byte[] bytes) {
        DurableFile.write(folder.resolve(file), bytes);
    }

    @Override
    public Checkpoint open() {
        return Checkpoint.open(folder);
    }

    @Override
    public Path path(String file) {
        return folder.resolve(file);
    }

    @Override
    public SortedMap<String, String> files(Map<String, String> known) {
        return Manifest.filesOf(folder, known);
    }

    @Override
    public String finish(Manifest manifest) {
        return manifest.write(folder);
    }
}
