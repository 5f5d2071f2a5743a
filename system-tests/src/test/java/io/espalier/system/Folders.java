package io.espalier.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a stack of the tests runs on.
 *
 * @param state the broker's log and the services' output
 * @param models root of the checkpoints a request may name
 * @param texts root of the texts a request may name
 * @param artifacts root of the checkpoints that are written
 */
record Folders(Path state, Path models, Path texts, Path artifacts) {
    /** Where Espalier was built. */
    static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    /** The model and the texts that ship with Espalier. */
    static final Path DEMO = HOME.resolve("deploy").resolve("demo");

    /** The shipped model; everything written goes under a folder. */
    static Folders of(Path folder) {
        return new Folders(folder.resolve("state"), DEMO, DEMO, folder.resolve("artifacts"));
    }

    /** As {@link #of}, but the roots of models and texts are copies to which a test may add. */
    static Folders withCopies(Path folder) throws IOException {
        Path models = folder.resolve("models");
        for (String model : List.of("llama", "opt", "bloom")) {
            Checkpoints.copy(model, models.resolve(model));
        }
        Path texts = Files.createDirectories(folder.resolve("texts"));
        for (String text : List.of("calibration.txt", "evaluation.txt", "pages.txt")) {
            Files.copy(DEMO.resolve(text), texts.resolve(text));
        }
        copy(DEMO.resolve("tasks"), texts.resolve("tasks"));
        return new Folders(folder.resolve("state"), models, texts, folder.resolve("artifacts"));
    }

    /** Copies a folder and all in it; one that is not there is an empty one. */
    static void copy(Path from, Path to) throws IOException {
        if (!Files.exists(from)) {
            return;
        }
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    /** What is hidden from users until a job is done, and gone afterwards. */
    Path work() {
        return artifacts.resolve("work");
    }
}
