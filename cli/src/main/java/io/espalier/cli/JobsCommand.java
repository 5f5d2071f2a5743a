package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.artifact.ArtifactFolder;
import io.espalier.cli.artifact.StoredArtifact;
import io.espalier.cli.view.ArtifactText;
import io.espalier.cli.view.JobText;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the jobs. */
@Command(name = "jobs", mixinStandardHelpOptions = true, description = "Lists the jobs, newest first.")
final class JobsCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Print every job as a line of JSON.")
    private boolean json;

    @Option(
            names = "--from-artifacts",
            paramLabel = "DIR",
            description = "List what lies in this folder of artifacts instead, without Kafka.")
    private @Nullable Path artifacts;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    JobsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        if (artifacts != null) {
            return listArtifacts(artifacts);
        }
        try (JobLog log = connectionOptions.open().jobLog()) {
            if (json) {
                log.jobs().forEach(job -> console.result(ProtoJson.line(job)));
            } else {
                console.result(JobText.table(log.jobs()));
            }
            return ExitCode.OK;
        }
    }

    private int listArtifacts(Path folder) {
        try {
            List<StoredArtifact> found = ArtifactFolder.list(folder, console::say);
            if (json) {
                found.forEach(artifact -> console.result(ArtifactText.json(artifact)));
            } else {
                console.result(ArtifactText.table(found));
            }
            return ExitCode.OK;
        } catch (IOException e) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--from-artifacts %s: is no folder that can be read".formatted(folder),
                    e);
        }
    }
}
