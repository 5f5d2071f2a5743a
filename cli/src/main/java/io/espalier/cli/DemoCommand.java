package io.espalier.cli;

import io.espalier.cli.stack.LocalStack;
import io.espalier.cli.stack.StackSettings;
import io.espalier.cli.view.EvaluationTable;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the whole pipeline once, on the model that ships with Espalier. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Prunes the shipped demo model by a quarter, trains what is left and shows what came of it.")
final class DemoCommand implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--thorough",
            description = "Take the time for the best model: measured prices, a long recovery; and ask questions.")
    private boolean thorough;

    @Option(
            names = "--scorers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Scorer processes. Default: ${DEFAULT-VALUE}.")
    private int scorers = 1;

    @Option(names = "--json", description = "Print the evaluation as one JSON object on stdout, all else on stderr.")
    private boolean json;

    DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        Path inputs = Homes.program().resolve("deploy/demo");
        Path state = Homes.state().resolve("demo");
        StackSettings settings = new StackSettings(
                Homes.program(), state, inputs, inputs, state.resolve("artifacts"), Math.max(1, scorers), true);
        LogOutput.toFile(settings.log("broker"));
        PruneRequest request = request(JobIds.next("demo", Clock.systemUTC()));
        try (LocalStack stack = LocalStack.start(settings, console::say)) {
            JobEvent end = prune(stack, request);
            if (end.hasCompleted()) {
                show(end.getCompleted(), settings);
            }
            return ExitCode.of(end);
        }
    }

    private PruneRequest request(String jobId) {
        return PruneCommand.checked(thorough ? DemoRequest.thorough(jobId) : DemoRequest.of(jobId));
    }

    private JobEvent prune(LocalStack stack, PruneRequest request) throws Exception {
        Connection broker = Connection.local(stack.bootstrap(), Patience.of(Patience.USUAL_SECONDS, console::say));
        try (JobLog log = broker.jobLog();
                JobClient client = broker.jobClient()) {
            client.submit(request);
            return new JobFollower(log).followWithProgress(request.getRequestId(), console);
        }
    }

    private void show(EvaluationReport report, StackSettings settings) {
        ReportPlace reports = ReportPlace.in(settings.artifacts());
        String artifact = artifact(settings.artifacts().resolve(report.getOutput()));
        if (json) {
            console.result(ProtoJson.line(report));
            console.say(artifact);
        } else {
            console.result(reports.behind(EvaluationTable.of(report), report) + "\n" + artifact);
        }
    }

    /** Where the pruned checkpoint lies and how it is used. */
    private static String artifact(Path folder) {
        return "artifact  %s%n          its README.md says how transformers loads it; in llama.cpp it goes on with%n          ./espalier generate %s \"Once upon a time\""
                .formatted(folder, folder);
    }
}
