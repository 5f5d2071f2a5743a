package io.espalier.pruner.export;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.artifact.ModelRoot;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.export.FolderExport;
import io.espalier.model.export.GgufExport;
import io.espalier.model.export.GgufType;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes a checkpoint for another runtime. A process of its own, started by {@code espalier export}: the command line has no
 * libraries that read checkpoints.
 */
public final class ExportProgram {
    private static final int REFUSED = 2;
    private static final long NANOS_BETWEEN_LINES = 2_000_000_000L;

    private ExportProgram() {}

    /** Arguments: root of the models, checkpoint, a {@link FolderExport} or a {@link GgufType}, and what to create. */
    public static void main(String[] arguments) {
        try {
            System.out.println(
                    run(Path.of(arguments[0]), arguments[1], arguments[2], Path.of(arguments[3]), lines(System.err)));
        } catch (EspalierException e) {
            System.err.println("espalier: " + e.code() + ": " + e.getMessage());
            System.exit(REFUSED);
        }
    }

    /** @return what was written, in words */
    static String run(Path root, String model, String to, Path target, Progress progress) {
        Path folder = new ModelRoot(root).resolve(model);
        try (Checkpoint checkpoint = Checkpoint.open(folder, root)) {
            if (FolderExport.labels().contains(to)) {
                WrittenConfig config =
                        FolderExport.valueOf(to.toUpperCase(Locale.ROOT)).export(checkpoint, target, progress);
                return "%s: profile %s, %s".formatted(target, config.profile().wireName(), config.reason());
            }
            // A slip of the hand must not replace a checkpoint's weights.
            if (Files.exists(target)) {
                throw new EspalierException(
                        ErrorCode.ALREADY_EXISTS, target.getFileName() + ": is there already; name another file");
            }
            GgufExport export = GgufExport.of(checkpoint, GgufType.valueOf(to.toUpperCase(Locale.ROOT)));
            export.write(target, progress);
            StringBuilder written = new StringBuilder(
                    "%s: architecture %s, %,d bytes".formatted(target, export.architecture(), export.bytes()));
            export.notes().forEach(note -> written.append("\nnote: ").append(note));
            return written.toString();
        }
    }

    private static Progress lines(PrintStream out) {
        long[] last = {System.nanoTime()};
        return (unit, done, total, tokens) -> {
            if (System.nanoTime() - last[0] > NANOS_BETWEEN_LINES) {
                last[0] = System.nanoTime();
                out.printf("%,d/%,d %s%n", done, total, unit);
            }
        };
    }
}
