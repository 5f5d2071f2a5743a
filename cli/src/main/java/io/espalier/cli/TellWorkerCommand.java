package io.espalier.cli;

import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.worker.WorkerLog;
import io.espalier.v1.DrainCommand;
import io.espalier.v1.PauseCommand;
import io.espalier.v1.ResumeCommand;
import io.espalier.v1.WorkerCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends a worker a command and does not wait for its effect. */
abstract class TellWorkerCommand implements Callable<Integer> {
    private final Console console;
    private final String verb;
    private final WorkerCommand command;

    @Parameters(paramLabel = "WORKER", description = "Worker id; `espalier workers` lists all.")
    private String workerId = "";

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    private TellWorkerCommand(Console console, String verb, WorkerCommand.Builder command) {
        this.console = console;
        this.verb = verb;
        this.command = command.build();
    }

    @Override
    public Integer call() throws Exception {
        Connection broker = connectionOptions.open();
        try (WorkerLog log = broker.workerLog();
                JobClient client = broker.jobClient()) {
            log.listening(workerId);
            client.command(command.toBuilder().setWorkerId(workerId).build());
            console.result(
                    json
                            ? "{\"worker_id\":\"%s\",\"%s_requested\":true}".formatted(workerId, verb)
                            : "asked %s to %s".formatted(workerId, verb));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "pause",
            mixinStandardHelpOptions = true,
            description = "Tells a worker to finish its task and take no other.")
    static final class Pause extends TellWorkerCommand {
        Pause(Console console) {
            super(console, "pause", WorkerCommand.newBuilder().setPause(PauseCommand.getDefaultInstance()));
        }
    }

    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            description = "Tells a paused or drained worker to take tasks again.")
    static final class Resume extends TellWorkerCommand {
        Resume(Console console) {
            super(console, "resume", WorkerCommand.newBuilder().setResume(ResumeCommand.getDefaultInstance()));
        }
    }

    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = "Tells a worker to give its task back, for another to take at once, and take no other.")
    static final class Drain extends TellWorkerCommand {
        Drain(Console console) {
            super(console, "drain", WorkerCommand.newBuilder().setDrain(DrainCommand.getDefaultInstance()));
        }
    }
}
