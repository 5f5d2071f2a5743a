package io.espalier.cli;

import io.espalier.cli.view.ProtoJson;
import io.espalier.cli.view.WorkerText;
import io.espalier.pipeline.worker.WorkerLog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the workers. */
@Command(name = "workers", mixinStandardHelpOptions = true, description = "Lists the workers of all services.")
final class WorkersCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--json", description = "Print every worker as a line of JSON.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    WorkersCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (WorkerLog log = connectionOptions.open().workerLog()) {
            if (json) {
                log.workers().forEach(worker -> console.result(ProtoJson.line(worker)));
            } else {
                console.result(WorkerText.table(log.workers()));
            }
            return ExitCode.OK;
        }
    }
}
