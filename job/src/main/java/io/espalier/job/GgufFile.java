package io.espalier.job;

import io.espalier.base.Progress;
import io.espalier.model.artifact.Staging;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.GgufExport;
import java.util.Locale;

/** The GGUF file beside a checkpoint, where a job asks for one. */
public final class GgufFile {
    private GgufFile() {}

    /**
     * Writes the checkpoint of a staging area once more, as one file beside it.
     *
     * @return name of the file; empty if the job asks for none
     */
    public static String write(Staging staging, JobSpec spec, Progress progress) {
        return spec.export()
                .gguf()
                .map(type -> {
                    String name = "model-%s.gguf".formatted(type.name().toLowerCase(Locale.ROOT));
                    try (Checkpoint written = staging.open()) {
                        GgufExport.of(written, type).write(staging.path(name), progress);
                    }
                    return name;
                })
                .orElse("");
    }

    /** Whether a file of an artifact is one. */
    public static boolean is(String name) {
        return name.endsWith(".gguf");
    }
}
