package io.espalier.cli;

import io.espalier.cli.stack.StackSettings;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options for the folders and services of a local stack. */
final class StackOptions {
    @Option(
            names = "--models",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Root of the checkpoints that requests may name. Default: this folder.")
    private Path models = Path.of(".");

    @Option(
            names = "--texts",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "Root of the texts that requests may name. Default: this folder.")
    private Path texts = Path.of(".");

    @Option(
            names = "--artifacts",
            paramLabel = "DIR",
            defaultValue = "espalier-artifacts",
            description = "Where pruned checkpoints are written. Default: ${DEFAULT-VALUE}.")
    private Path artifacts = Path.of("espalier-artifacts");

    @Option(
            names = "--scorers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Scorer processes. Default: ${DEFAULT-VALUE}.")
    private int scorers = 1;

    StackSettings settings() {
        return new StackSettings(
                Homes.program(),
                Homes.state(),
                absolute(models),
                absolute(texts),
                absolute(artifacts),
                Math.max(1, scorers),
                false);
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
