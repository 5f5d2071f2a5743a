package io.espalier.scorer.check;

import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Says what a checkpoint is and what a request would make of it, without running anything. A process of its own, started by
 * {@code espalier check} and {@code espalier prune --dry-run}: the command line has no libraries that read checkpoints.
 */
public final class CheckProgram {
    private static final int REFUSED = 2;

    private CheckProgram() {}

    /** Arguments: roots of the models, of the texts and of the artifacts, and a request in proto3 JSON. */
    public static void main(String[] arguments) throws IOException {
        try {
            CheckMapper.lines(Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), arguments[3])
                    .forEach(System.out::println);
        } catch (EspalierException e) {
            System.err.println("espalier: " + e.code() + ": " + e.getMessage());
            System.exit(REFUSED);
        }
    }
}
