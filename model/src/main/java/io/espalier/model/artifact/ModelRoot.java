package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder in which users may name models: by a path, or as {@code org/name} where it is or holds a Hugging Face cache. Such a
 * cache has a model under {@code models--org--name}: {@code refs/main} names the newest of its {@code snapshots}, whose files are
 * links into {@code blobs}.
 */
public final class ModelRoot {
    private static final String FIELD = "model";
    private static final Pattern NAME = Pattern.compile("([\\w.-]+)/([\\w.-]+)");
    private static final Pattern REVISION = Pattern.compile("[\\w.-]{1,128}");
    private static final int MAX_SHOWN = 5;

    private final Root root;

    public ModelRoot(Path folder) {
        this.root = new Root(folder);
    }

    /**
     * The folder of a checkpoint.
     *
     * @throws EspalierException as in {@link Root#resolve}; {@code MODEL_NOT_FOUND} for a cache without the snapshot it names
     */
    public Path resolve(String model) {
        Path folder = existing(model);
        return Files.isDirectory(folder.resolve("snapshots")) ? snapshot(model, folder) : folder;
    }

    private Path existing(String model) {
        try {
            return root.resolve(FIELD, model);
        } catch (EspalierException e) {
            if (e.code() != ErrorCode.MODEL_NOT_FOUND) {
                throw e;
            }
            return cached(model).orElseThrow(() -> e);
        }
    }

    private Optional<Path> cached(String model) {
        var name = NAME.matcher(model);
        if (!name.matches()) {
            return Optional.empty();
        }
        String folder = "models--%s--%s".formatted(name.group(1), name.group(2));
        for (String place : List.of(folder, "hub/" + folder)) {
            try {
                return Optional.of(root.resolve(FIELD, place));
            } catch (EspalierException e) {
                // Not there; the message is about the name that was given.
            }
        }
        return Optional.empty();
    }

    private Path snapshot(String model, Path folder) {
        Path main = folder.resolve("refs/main");
        try {
            if (Files.isRegularFile(main) && Files.size(main) <= 128) {
                String revision = Files.readString(main).strip();
                if (REVISION.matcher(revision).matches()
                        && Files.isDirectory(folder.resolve("snapshots/" + revision))) {
                    return inside(folder, "snapshots/" + revision);
                }
            }
            try (Stream<Path> snapshots = Files.list(folder.resolve("snapshots"))) {
                List<String> names = snapshots
                        .map(path -> String.valueOf(path.getFileName()))
                        .sorted()
                        .toList();
                if (names.size() == 1) {
                    return inside(folder, "snapshots/" + names.get(0));
                }
                throw notFound(
                        model,
                        "is a cache with %d snapshots, and its refs/main names none of them; name one: %s"
                                .formatted(
                                        names.size(),
                                        String.join(", ", names.subList(0, Math.min(MAX_SHOWN, names.size())))));
            }
        } catch (IOException e) {
            throw notFound(model, "is a cache that cannot be read");
        }
    }

    /** Checked again, because a snapshot may be a link. */
    private Path inside(Path folder, String snapshot) {
        return root.resolve(FIELD, folder.resolve(snapshot).toString().replace("%", "%25"));
    }

    private static EspalierException notFound(String model, String what) {
        return new EspalierException(ErrorCode.MODEL_NOT_FOUND, "%s: %s %s".formatted(FIELD, Quoted.of(model), what));
    }
}
