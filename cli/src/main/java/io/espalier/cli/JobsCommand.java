package io.espalier.cli;

import io.espalier.cli.view.JobText;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the jobs. */
@Command(name = "jobs", mixinStandardHelpOptions = true, description = "Lists the jobs, newest first.")
final class JobsCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Print every job as a line of JSON.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    JobsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (JobLog log = connectionOptions.open().jobLog()) {
            if (json) {
                log.jobs().forEach(job -> console.result(ProtoJson.line(job)));
            } else {
                console.result(JobText.table(log.jobs()));
            }
            return ExitCode.OK;
        }
    }
}
