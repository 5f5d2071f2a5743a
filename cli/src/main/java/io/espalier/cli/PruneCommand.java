package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.cli.stack.LocalStack;
import io.espalier.cli.stack.StackSettings;
import io.espalier.cli.view.EvaluationTable;
import io.espalier.cli.view.Hints;
import io.espalier.cli.view.ProtoJson;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.request.RequestReader;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Publishes a prune request. */
@Command(
        name = "prune",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Publishes a prune request and prints the id of its job.",
            "Without a broker it starts the local stack itself, stays until the job has ended and stops the stack."
        })
final class PruneCommand implements Callable<Integer> {
    /** How long the command waits for a scorer. A running scorer needs only a fraction of this time. */
    private static final Duration ACCEPTANCE = Duration.ofSeconds(5);

    private final Console console;

    @Mixin
    private RequestOptions requestOptions = new RequestOptions();

    @Option(names = "--watch", description = "Show progress until the job has ended.")
    private boolean watch;

    @Option(
            names = "--dry-run",
            description = "Only say what the job would leave and need, or why it would be refused.")
    private boolean dryRun;

    @Option(names = "--json", description = "Print JSON: the job id, with --watch the event that ended the job.")
    private boolean json;

    @Mixin
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    @Mixin
    private StackOptions stackOptions = new StackOptions();

    PruneCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        PruneRequest request = request();
        if (dryRun) {
            return DryRun.of(request, stackOptions.settings());
        }
        Optional<Connection> broker = connectionOptions.find();
        if (broker.isPresent()) {
            LogOutput.none();
            return prune(broker.get().checked(), request, watch, connectionOptions.reports());
        }
        StackSettings settings = stackOptions.settings();
        LogOutput.toFile(settings.log("broker"));
        try (LocalStack stack = LocalStack.start(settings, console::say)) {
            return prune(
                    Connection.local(stack.bootstrap(), connectionOptions.patience()),
                    request,
                    true,
                    ReportPlace.in(settings.artifacts()));
        }
    }

    /** Builds and checks the request, so that an invalid one is refused before anything is started or published. */
    private PruneRequest request() {
        PruneRequest request = requestOptions.request();
        if (request.getRequestId().isEmpty()) {
            request = request.toBuilder()
                    .setRequestId(JobIds.next("prune", Clock.systemUTC()))
                    .build();
        }
        return checked(request);
    }

    /**
     * Checks a request in the same way as the scorer.
     *
     * @return the request in the form in which the pipeline uses it
     * @throws EspalierException if the request names no model or no text, or if its id is not valid
     */
    static PruneRequest checked(PruneRequest request) {
        String jobId = request.getRequestId();
        if (request.getCalibration().getText().isEmpty()
                && request.getCalibration().getTextsCount() == 0) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "calibration.text is missing; name a text with --calibration");
        }
        return RequestReader.read(jobId, request.toByteArray(), false, jobId).getRequest();
    }

    private int prune(Connection broker, PruneRequest request, boolean toTheEnd, ReportPlace reports) throws Exception {
        String jobId = request.getRequestId();
        try (JobLog log = broker.jobLog();
                JobClient client = broker.jobClient()) {
            refuseOtherBody(log, request);
            client.submit(request);
            JobFollower follower = new JobFollower(log);
            if (!follower.awaitAcceptance(jobId, ACCEPTANCE)) {
                console.say("no scorer has accepted the request yet; it waits on the topic prune-requests");
            }
            if (!toTheEnd) {
                console.result(json ? "{\"job_id\":\"%s\"}".formatted(jobId) : jobId);
                return ExitCode.OK;
            }
            JobEvent end = follower.followWithProgress(jobId, console);
            if (json) {
                console.result(ProtoJson.line(end));
            } else if (end.hasCompleted()) {
                console.result(reports.behind(
                        EvaluationTable.of(end.getCompleted()) + Hints.of(end.getCompleted()), end.getCompleted()));
            }
            return ExitCode.of(end);
        }
    }

    /**
     * Refuses a request if a job with the same id has another request. The pipeline would only send it to the dead-letter topic,
     * where the user does not see it. Repeating the same request is allowed and has no effect.
     */
    private static void refuseOtherBody(JobLog log, PruneRequest request) {
        String jobId = request.getRequestId();
        log.job(jobId)
                .filter(job -> job.hasRequest() && !job.getRequest().equals(request))
                .ifPresent(job -> {
                    throw new EspalierException(
                            ErrorCode.ALREADY_EXISTS,
                            "job %s exists with another request; choose another --id".formatted(jobId));
                });
    }
}
