package io.espalier.cli;

import io.espalier.base.EspalierException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.KafkaException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command {@code espalier}. */
@Command(
        name = "espalier",
        description = "Prunes large language models as a Kafka pipeline.",
        mixinStandardHelpOptions = true,
        version = "espalier 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        footer = "%n`espalier bench --help`: measures this machine and this build.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:the job failed or was cancelled",
            "2:an option, a field or the name of a job or worker cannot be used",
            "3:the broker or a service does not answer or cannot be started"
        })
public final class Espalier {
    private Espalier() {}

    public static void main(String[] arguments) {
        Console console = new Console(System.out, System.err, Boolean.getBoolean("espalier.terminal"));
        System.exit(commandLine(console).execute(arguments));
    }

    /** The command with all its subcommands. They write to the given console. */
    static CommandLine commandLine(Console console) {
        CommandLine line = new CommandLine(new Espalier())
                .addSubcommand(new UpCommand(console))
                .addSubcommand(new DemoCommand(console))
                .addSubcommand(new PruneCommand(console))
                .addSubcommand(new WatchCommand(console))
                .addSubcommand(new JobsCommand(console))
                .addSubcommand(new ShowCommand(console))
                .addSubcommand(new ReportCommand(console))
                .addSubcommand(new CompareCommand(console))
                .addSubcommand(new CancelCommand(console))
                .addSubcommand(new CheckCommand())
                .addSubcommand(new ExportCommand())
                .addSubcommand(new GenerateCommand())
                .addSubcommand(new CollectCommand(console))
                .addSubcommand(new WorkersCommand(console))
                .addSubcommand(new ShowWorkerCommand(console))
                .addSubcommand(new TellWorkerCommand.Pause(console))
                .addSubcommand(new TellWorkerCommand.Resume(console))
                .addSubcommand(new TellWorkerCommand.Drain(console))
                .addSubcommand(new TailCommand(console))
                .addSubcommand(new AutoComplete.GenerateCompletion());
        line.setUsageHelpAutoWidth(true);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new java.io.PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        line.setErr(new java.io.PrintWriter(console.err(), true, StandardCharsets.UTF_8));
        line.setParameterExceptionHandler((e, arguments) -> misused(console, e));
        line.setExecutionExceptionHandler((e, failed, parsed) -> failed(console, e, parsed));
        return line;
    }

    private static int misused(Console console, ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        console.say("INVALID_ARGUMENT: " + e.getMessage() + "; see " + command.qualifiedName() + " --help");
        return ExitCode.INVALID;
    }

    private static int failed(Console console, Exception e, ParseResult parsed) throws Exception {
        CommandFailure failure = asFailure(e);
        if (failure == null) {
            console.say("INTERNAL: a defect of Espalier in `%s`; please report what follows"
                    .formatted(String.join(" ", parsed.originalArgs())));
            e.printStackTrace(console.err());
            return ExitCode.INTERNAL;
        }
        console.say(failure.line());
        return failure.exitCode();
    }

    private static @org.jspecify.annotations.Nullable CommandFailure asFailure(Exception e) {
        if (e instanceof CommandFailure failure) {
            return failure;
        }
        if (e instanceof EspalierException invalid) {
            return CommandFailure.invalid(invalid);
        }
        if (e instanceof KafkaException kafka) {
            return CommandFailure.unreachable("Kafka: " + kafka.getMessage(), kafka);
        }
        return null;
    }
}
