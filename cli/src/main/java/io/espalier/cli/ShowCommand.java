package io.espalier.cli;

import io.espalier.cli.view.JobText;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.Job;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one job. */
@Command(name = "show", mixinStandardHelpOptions = true, description = "Shows what is known of a job.")
final class ShowCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "JOB", description = "Job id.")
    private String jobId = "";

    @Option(names = "--json", description = "Print the job as one JSON object.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    ShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (JobLog log = connectionOptions.open().jobLog()) {
            Job job = KnownJob.require(log, jobId);
            console.result(json ? ProtoJson.line(job) : JobText.card(job));
            return ExitCode.OK;
        }
    }
}
