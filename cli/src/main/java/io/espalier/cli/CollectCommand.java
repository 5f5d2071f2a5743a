package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.artifact.ArtifactFolder;
import io.espalier.cli.artifact.Retention;
import io.espalier.cli.artifact.StoredFolder;
import io.espalier.cli.view.ArtifactText;
import io.espalier.pipeline.job.JobLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Deletes artifacts, reports and leftovers that are old enough. */
@Command(
        name = "gc",
        mixinStandardHelpOptions = true,
        description = {
            "Deletes artifacts, reports and left work files that are older than a given age.",
            "Nothing of a running job is deleted, nor an artifact that a running job reads. Topics age out by themselves."
        })
final class CollectCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--artifacts",
            paramLabel = "DIR",
            defaultValue = "espalier-artifacts",
            description = "Folder of artifacts. Default: ${DEFAULT-VALUE}.")
    private Path artifacts = Path.of("espalier-artifacts");

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            required = true,
            converter = Age.class,
            description = "Such as 30d or 12h.")
    private Duration age = Duration.ZERO;

    @Option(names = "--dry-run", description = "Only say what would be deleted, and why the rest is kept.")
    private boolean dryRun;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    CollectCommand(Console console) {
        this.console = console;
    }

    /** Days, hours, minutes or seconds: {@code 30d}. */
    static final class Age implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                String upper = text.toUpperCase(Locale.ROOT);
                Duration age = Duration.parse(upper.endsWith("D") ? "P" + upper : "PT" + upper);
                if (age.isNegative()) {
                    throw new TypeConversionException("an age is not negative");
                }
                return age;
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("\"%s\" is no age such as 30d or 12h".formatted(text));
            }
        }
    }

    @Override
    public Integer call() throws Exception {
        List<StoredFolder> folders = folders();
        try (JobLog log = connectionOptions.open().jobLog()) {
            long freed = 0;
            int deleted = 0;
            for (StoredFolder folder : folders) {
                // Looked at anew for each: a request may have come meanwhile.
                Optional<String> kept = new Retention(age, Instant.now(), log.jobs()).kept(folder);
                if (kept.isEmpty()) {
                    if (!dryRun) {
                        delete(folder);
                    }
                    freed += folder.bytes();
                    deleted++;
                }
                if (kept.isEmpty() || dryRun) {
                    console.result(ArtifactText.row(folder, kept, dryRun));
                }
            }
            console.result(ArtifactText.freed(deleted, freed, dryRun));
            return ExitCode.OK;
        }
    }

    private void delete(StoredFolder folder) {
        try {
            ArtifactFolder.delete(artifacts, folder);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, "%s: cannot be deleted: %s".formatted(folder.name(), e), e);
        }
    }

    private List<StoredFolder> folders() {
        try {
            return ArtifactFolder.folders(artifacts, console::say);
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--artifacts %s: is no folder that can be read".formatted(artifacts),
                    e);
        }
    }
}
