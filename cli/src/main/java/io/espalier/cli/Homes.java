package io.espalier.cli;

import java.nio.file.Path;

/** The folders that a command uses. */
final class Homes {
    private Homes() {}

    /** The folder in which Espalier was built. The launcher script sets it. */
    static Path program() {
        String home = System.getProperty("espalier.home");
        if (home == null) {
            throw CommandFailure.unreachable(
                    "espalier.home is not set, so the services cannot be found; start Espalier by its launcher ./espalier");
        }
        return Path.of(home).toAbsolutePath();
    }

    /**
     * The folder of the local stack's log and address: {@code $ESPALIER_HOME} or, if it is not set, {@code .espalier} in the
     * working directory.
     */
    static Path state() {
        String chosen = System.getenv("ESPALIER_HOME");
        return Path.of(chosen == null || chosen.isEmpty() ? ".espalier" : chosen)
                .toAbsolutePath()
                .normalize();
    }
}
