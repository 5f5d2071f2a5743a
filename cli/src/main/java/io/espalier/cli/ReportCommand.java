package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.v1.Job;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Names the page about a job, and opens it. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = {
            "Prints where the report of a completed job lies, a page for browsers.",
            "With --artifacts it needs no broker."
        })
final class ReportCommand implements Callable<Integer> {
    private final Console console;
    private final Browser browser;

    @Parameters(paramLabel = "JOB", description = "Job id.")
    private String jobId = "";

    @Option(names = "--open", description = "Open it in the browser of this machine.")
    private boolean open;

    @Option(
            names = "--artifacts",
            paramLabel = "DIR",
            description = "Folder of artifacts. Default: that of the local stack of this folder.")
    private @Nullable Path artifacts;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    ReportCommand(Console console) {
        this(console, Browser.ofThisMachine());
    }

    ReportCommand(Console console, Browser browser) {
        this.console = console;
        this.browser = browser;
    }

    @Override
    public Integer call() throws Exception {
        Path page = artifacts == null ? ofJob() : stored(artifacts);
        console.result(page.toString());
        if (open) {
            open(page);
        }
        return ExitCode.OK;
    }

    private Path stored(Path root) {
        Path page = RequestReader.isJobId(jobId)
                ? root.resolve("reports").resolve(jobId).resolve("report.html")
                : root.resolve("reports");
        if (!Files.isRegularFile(page)) {
            throw new EspalierException(
                    ErrorCode.NOT_FOUND,
                    "no report of a job %s in %s; `espalier jobs` lists all jobs".formatted(jobId, root));
        }
        return page;
    }

    private Path ofJob() throws Exception {
        ReportPlace place = connectionOptions.reports();
        try (JobLog log = connectionOptions.open().jobLog()) {
            Job job = KnownJob.require(log, jobId);
            return place.page(job.getEvaluation())
                    .orElseThrow(() -> new EspalierException(
                            ErrorCode.NOT_FOUND,
                            "job %s is %s and has no report; a job that completes leaves one"
                                    .formatted(jobId, job.getState())));
        }
    }

    private void open(Path page) throws InterruptedException {
        if (!Files.isRegularFile(page)) {
            throw new EspalierException(
                    ErrorCode.NOT_FOUND,
                    "%s is not on this machine; say with --artifacts where its artifact root is".formatted(page));
        }
        browser.open(page.toAbsolutePath().toString());
    }
}
