package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.Job;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Requests the cancellation of a job. */
@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        description = "Asks for the end of a job; the stage that owns it ends it.")
final class CancelCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "JOB", description = "Job id.")
    private String jobId = "";

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            defaultValue = "cancelled by the user",
            description = "Told to everyone who watches the job. Default: ${DEFAULT-VALUE}.")
    private String reason = "";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    CancelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        Connection broker = connectionOptions.open();
        try (JobLog log = broker.jobLog();
                JobClient client = broker.jobClient()) {
            Job job = KnownJob.require(log, jobId);
            if (JobView.isTerminal(job.getState())) {
                throw new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "job %s has ended as %s; there is nothing to cancel".formatted(jobId, job.getState()));
            }
            client.cancel(jobId, reason);
            console.result(
                    json
                            ? "{\"job_id\":\"%s\",\"cancel_requested\":true}".formatted(jobId)
                            : "asked to cancel " + jobId);
            return ExitCode.OK;
        }
    }
}
