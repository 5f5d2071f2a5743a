package io.espalier.cli;

import java.nio.file.Path;

/** The folders a command works with. */
final class Homes {
    private Homes() {}

    /** Where Espalier was built; the launcher says so. */
    static Path program() {
        String home = System.getProperty("espalier.home");
        if (home == null) {
            throw CommandFailure.unreachable(
                    "espalier.home is not set, so the services cannot be found; start Espalier by its launcher ./espalier");
        }
        return Path.of(home).toAbsolutePath();
    }

    /** Where the local stack keeps its log and its address: {@code $ESPALIER_HOME}, else {@code .espalier} here. */
    static Path state() {
        String chosen = System.getenv("ESPALIER_HOME");
        return Path.of(chosen == null || chosen.isEmpty() ? ".espalier" : chosen)
                .toAbsolutePath()
                .normalize();
    }
}
