package io.espalier.benchmarks;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.benchmarks.latency.JobRecords;
import io.espalier.benchmarks.latency.Wait;
import io.espalier.benchmarks.report.OutcomeTable;
import io.espalier.cli.CommandFailure;
import io.espalier.cli.DemoRequest;
import io.espalier.cli.LogOutput;
import io.espalier.cli.stack.LocalStack;
import io.espalier.cli.stack.StackSettings;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs the demo's job without its recovery twice in the same services. For the second run, when the services are warm, it measures how long no
 * worker worked on the job, and between which tasks.
 */
final class PipelineLatency {
    private static final TopicCatalog TOPICS = TopicCatalog.load("");
    private static final double MILLIS = 1000;
    private static final long LIMIT_MINUTES = 15;

    private final BenchOptions options;

    PipelineLatency(BenchOptions options) {
        this.options = options;
    }

    void print() throws Exception {
        Path home = Path.of(System.getProperty("espalier.home", ".")).toAbsolutePath();
        Path demo = home.resolve("deploy/demo");
        Path state = options.scratch();
        StackSettings settings = new StackSettings(home, state, demo, demo, state.resolve("artifacts"), 1, false);
        LocalStack.setLogAside(settings);
        LogOutput.toFile(settings.log("broker"));
        try (LocalStack stack = LocalStack.start(settings, line -> System.err.println(line))) {
            Properties client = new Properties();
            client.setProperty("bootstrap.servers", stack.bootstrap());
            run(client, "latency-warm-up");
            run(client, "latency");
            System.out.println(
                    table(JobRecords.read(stack.bootstrap(), TOPICS, "latency").waits()));
        }
    }

    private static void run(Properties client, String jobId) throws Exception {
        PruneRequest request = DemoRequest.of(jobId).toBuilder()
                .setOutput(jobId)
                .clearRecovery()
                .build();
        CompletableFuture<JobEvent> end = new CompletableFuture<>();
        try (JobLog log = JobLog.follow(client, TOPICS);
                JobClient jobs = new JobClient(client, TOPICS, "bench");
                AutoCloseable watch = log.watch(jobId, event -> {
                    if (JobView.isTerminal(event)) {
                        end.complete(event);
                    }
                })) {
            jobs.submit(request);
            JobEvent last = end.get(LIMIT_MINUTES, TimeUnit.MINUTES);
            if (!last.hasCompleted()) {
                throw CommandFailure.unreachable(
                        "the demo's job failed: " + last.getFailed().getMessage());
            }
        } catch (ExecutionException | TimeoutException e) {
            throw CommandFailure.unreachable("the demo's job did not end in %d minutes".formatted(LIMIT_MINUTES), e);
        }
    }

    private static OutcomeTable table(List<Wait> waits) throws InvalidProtocolBufferException {
        Map<String, List<Wait>> byHop = new LinkedHashMap<>();
        for (Wait wait : waits) {
            String hop = "%s%s → %s".formatted(wait.betweenStages() ? "" : "  ", wait.after(), wait.before());
            byHop.merge(hop, List.of(wait), PipelineLatency::joined);
        }
        OutcomeTable table = new OutcomeTable();
        byHop.forEach((hop, all) -> table.row(hop, words(all)));
        return table.row("request to first task and between stages, s", seconds(waits, true), Goals.WAITING_SECONDS)
                .row("  between tasks of a stage, s", seconds(waits, false), null);
    }

    private static List<Wait> joined(List<Wait> some, List<Wait> more) {
        List<Wait> all = new java.util.ArrayList<>(some);
        all.addAll(more);
        return all;
    }

    private static String words(List<Wait> waits) {
        return String.format(
                Locale.ROOT,
                "%d × : %d ms until written, %d ms until taken",
                waits.size(),
                waits.stream().mapToLong(Wait::deciding).sum(),
                waits.stream().mapToLong(Wait::taking).sum());
    }

    private static double seconds(List<Wait> waits, boolean betweenStages) {
        return waits.stream()
                        .filter(wait -> wait.betweenStages() == betweenStages)
                        .mapToLong(Wait::millis)
                        .sum()
                / MILLIS;
    }
}
