package io.espalier.model.export;

import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.tensor.StoredWeights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A copy of a checkpoint in another profile. */
public enum FolderExport {
    /**
     * The same tensors, and a config as stock transformers reads it, with the Python file where layers differ. For checkpoints of
     * earlier versions, whose per-layer shapes transformers does not understand.
     */
    TRANSFORMERS("transformers") {
        @Override
        WrittenConfig write(Checkpoint checkpoint, Path folder, Progress progress) {
            return copy(checkpoint, checkpoint.config().asItIs("every layer has one shape"), folder, progress);
        }
    },
    /**
     * Every layer as wide as the widest, filled up with zeros, and a config of the family itself: for runtimes that take one shape
     * only. The model computes the same; it saves less.
     */
    PADDED("padded") {
        @Override
        WrittenConfig write(Checkpoint checkpoint, Path folder, Progress progress) {
            return Padding.of(checkpoint).write(folder, progress);
        }
    },
    /** The same tensors, and the config of vLLM's DeciLMForCausalLM, whose layers may differ in their FFN widths and KV heads. */
    DECI("deci") {
        @Override
        WrittenConfig write(Checkpoint checkpoint, Path folder, Progress progress) {
            return copy(checkpoint, DeciConfig.of(checkpoint.config()), folder, progress);
        }
    };

    private final String label;

    FolderExport(String label) {
        this.label = label;
    }

    /** What users call it. */
    public String label() {
        return label;
    }

    /** All labels. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(FolderExport::label).toList();
    }

    abstract WrittenConfig write(Checkpoint checkpoint, Path folder, Progress progress);

    /**
     * Writes the copy. It is there as a whole or not at all.
     *
     * @param target folder to create
     * @return its config
     * @throws EspalierException {@code MODEL_UNSUPPORTED} for a model that the profile cannot express, {@code ALREADY_EXISTS},
     *     {@code DISK_FULL}, {@code CANCELLED}
     */
    public WrittenConfig export(Checkpoint checkpoint, Path target, Progress progress) {
        WrittenConfig[] config = new WrittenConfig[1];
        WholeFolder.write(target, folder -> config[0] = write(checkpoint, folder, progress));
        return config[0];
    }

    private static WrittenConfig copy(Checkpoint checkpoint, WrittenConfig config, Path folder, Progress progress) {
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
        return config;
    }
}
