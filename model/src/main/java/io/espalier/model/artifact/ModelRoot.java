package io.espalier.model.artifact;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
    private static final String SNAPSHOTS = "snapshots";
    private static final String MAIN = "refs/main";
    private static final int MAX_REVISION = 128;
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
        boolean cache =
                Files.isDirectory(folder.resolve(SNAPSHOTS)) && !Files.exists(folder.resolve(Checkpoint.CONFIG));
        return cache ? snapshot(model, folder) : folder;
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
                if (e.code() != ErrorCode.MODEL_NOT_FOUND) {
                    throw e;
                }
                // The message is about the name that was given.
            }
        }
        return Optional.empty();
    }

    private Path snapshot(String model, Path folder) {
        List<String> names = names(model, inside(folder, SNAPSHOTS));
        String newest = newest(model, folder);
        String chosen = names.size() == 1 ? names.get(0) : newest;
        if (!names.contains(chosen)) {
            throw notFound(
                    model,
                    "is a cache with %d snapshots, and its refs/main names none of them; name one: %s"
                            .formatted(
                                    names.size(),
                                    String.join(", ", names.subList(0, Math.min(MAX_SHOWN, names.size())))));
        }
        return inside(folder, SNAPSHOTS + "/" + chosen);
    }

    /** What {@code refs/main} says; empty where there is none. */
    private String newest(String model, Path folder) {
        if (!Files.exists(folder.resolve(MAIN))) {
            return "";
        }
        Path main = RegularFile.require(inside(folder, MAIN), ErrorCode.MODEL_NOT_FOUND, FIELD);
        try (InputStream bytes = Files.newInputStream(main)) {
            return new String(bytes.readNBytes(MAX_REVISION), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw notFound(model, "is a cache whose refs/main cannot be read");
        }
    }

    private static List<String> names(String model, Path snapshots) {
        try (Stream<Path> all = Files.list(snapshots)) {
            return all.map(path -> String.valueOf(path.getFileName())).sorted().toList();
        } catch (IOException e) {
            throw notFound(model, "is a cache whose snapshots cannot be read");
        }
    }

    /** Each part of a cache may be a link, and must not lead outside. */
    private Path inside(Path folder, String part) {
        return root.resolve(FIELD, folder.resolve(part).toString().replace("%", "%25"));
    }

    private static EspalierException notFound(String model, String what) {
        return new EspalierException(ErrorCode.MODEL_NOT_FOUND, "%s: %s %s".formatted(FIELD, Quoted.of(model), what));
    }
}
