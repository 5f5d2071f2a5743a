package io.espalier.cli;

import io.espalier.cli.view.ProtoJson;
import io.espalier.cli.view.WorkerText;
import io.espalier.pipeline.worker.WorkerLog;
import io.espalier.v1.KnownWorker;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one worker. */
@Command(name = "worker", mixinStandardHelpOptions = true, description = "Shows what a worker last said of itself.")
final class ShowWorkerCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "WORKER", description = "Worker id.")
    private String workerId = "";

    @Option(names = "--json", description = "Print the worker as one JSON object.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    ShowWorkerCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (WorkerLog log = connectionOptions.open().workerLog()) {
            KnownWorker worker = log.worker(workerId);
            console.result(json ? ProtoJson.line(worker) : WorkerText.card(worker));
            return ExitCode.OK;
        }
    }
}
