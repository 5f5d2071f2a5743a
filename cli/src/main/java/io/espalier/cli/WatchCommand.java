package io.espalier.cli;

import io.espalier.cli.view.EvaluationTable;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.JobEvent;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the progress of a job until it ends. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = "Shows the events of a job from its beginning until it has ended.")
final class WatchCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "JOB", description = "Job id.")
    private String jobId = "";

    @Option(names = "--json", description = "Print every event as a line of JSON.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    WatchCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        Connection broker = connectionOptions.open();
        try (JobLog log = broker.jobLog()) {
            KnownJob.require(log, jobId);
            JobFollower follower = new JobFollower(log);
            if (json) {
                return ExitCode.of(follower.follow(jobId, event -> console.result(ProtoJson.line(event))));
            }
            JobEvent end = follower.followWithProgress(jobId, console);
            if (end.hasCompleted()) {
                console.result(
                        connectionOptions.reports().behind(EvaluationTable.of(end.getCompleted()), end.getCompleted()));
            }
            return ExitCode.of(end);
        }
    }
}
