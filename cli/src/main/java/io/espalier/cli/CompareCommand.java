package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.view.ComparisonTable;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.Job;
import io.espalier.v1.JobState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sets the models of completed jobs beside each other. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = "Sets the models of completed jobs beside each other.")
final class CompareCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "JOB", arity = "1..*", description = "Ids of completed jobs.")
    private List<String> jobIds = List.of();

    @Option(names = "--json", description = "Print each evaluation as one JSON object.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    CompareCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (JobLog log = connectionOptions.open().jobLog()) {
            List<Job> jobs = new ArrayList<>();
            for (String jobId : jobIds) {
                jobs.add(completed(KnownJob.require(log, jobId)));
            }
            if (json) {
                jobs.forEach(job -> console.result(ProtoJson.line(job.getEvaluation())));
            } else {
                console.result(ComparisonTable.of(jobs));
            }
            return ExitCode.OK;
        }
    }

    private static Job completed(Job job) {
        if (job.getState() != JobState.COMPLETED) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "job %s is %s and has no evaluation; name completed jobs"
                            .formatted(job.getJobId(), job.getState()));
        }
        return job;
    }
}
