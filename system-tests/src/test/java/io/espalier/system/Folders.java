package io.espalier.system;

import java.nio.file.Path;

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

    Folders withModels(Path otherModels) {
        return new Folders(state, otherModels, texts, artifacts);
    }

    Folders withTexts(Path otherTexts) {
        return new Folders(state, models, otherTexts, artifacts);
    }

    /** What is hidden from users until a job is done, and gone afterwards. */
    Path work() {
        return artifacts.resolve("work");
    }
}
