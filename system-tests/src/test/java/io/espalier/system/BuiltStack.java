package io.espalier.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.cli.stack.EmbeddedBroker;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.PauseCommand;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import io.espalier.v1.WorkerCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** The local stack of any build, started by its own {@code ./espalier up}, with one worker for each stage. */
final class BuiltStack {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path state;
    private final Process up;
    private final JsonNode address;
    private final TopicLog log;
    private final JobClient client;

    private BuiltStack(Path state, Process up, JsonNode address) {
        this.state = state;
        this.up = up;
        this.address = address;
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", address.get("bootstrap").asText());
        this.log = TopicLog.follow(kafka.getProperty("bootstrap.servers"), Stack.TOPICS);
        this.client = new JobClient(kafka, Stack.TOPICS, "recorder");
    }

    /**
     * @param build checkout in which the stack was built
     * @param inputs folder with {@code models} and {@code texts}
     * @param state folder for what the stack remembers
     * @param artifacts folder it writes checkpoints to
     */
    static BuiltStack up(Path build, Path inputs, Path state, Path artifacts) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                build.resolve("espalier").toString(),
                "up",
                "--json",
                "--models=" + inputs.resolve("models"),
                "--texts=" + inputs.resolve("texts"),
                "--artifacts=" + artifacts);
        builder.environment().put("ESPALIER_HOME", state.toString());
        // A recording does not say where it was made.
        builder.environment().put("HOSTNAME", "recorder");
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process up = builder.start();
        BufferedReader out = up.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the stack of " + build + " did not start");
        }
        return new BuiltStack(state, up, JSON.readTree(line));
    }

    String bootstrap() {
        return address.get("bootstrap").asText();
    }

    TopicLog log() {
        return log;
    }

    JobClient client() {
        return client;
    }

    void run(PruneRequest request) {
        client.submit(request);
        awaitEnd(request.getRequestId());
    }

    void awaitEnd(String job) {
        await("the end of " + job, () -> log.events(job).stream().anyMatch(JobView::isTerminal));
    }

    /** Waits until so many tasks of a job are done whose id begins with a prefix. */
    void awaitDone(String job, String taskPrefix, int count) {
        await(
                count + " done of " + taskPrefix + " of " + job,
                () -> results(job, taskPrefix).stream()
                                .filter(result -> !result.hasProgress())
                                .count()
                        >= count);
    }

    /** Waits until a worker has said anything of a task of a job whose id begins with a prefix. */
    void awaitInHand(String job, String taskPrefix) {
        await(taskPrefix + " of " + job + " in hand", () -> !results(job, taskPrefix)
                .isEmpty());
    }

    private List<TaskResult> results(String job, String taskPrefix) {
        return log.results(job).stream()
                .filter(result -> result.getTaskId().startsWith(taskPrefix))
                .toList();
    }

    void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(Stack.LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(condition);
    }

    /** Tells a worker to finish its task and take no other. */
    void pause(String worker) {
        client.command(WorkerCommand.newBuilder()
                .setWorkerId(worker)
                .setPause(PauseCommand.getDefaultInstance())
                .build());
    }

    /** Stops a process where it is, until it is killed. */
    void freeze(String service) throws IOException, InterruptedException {
        for (JsonNode process : address.get("services")) {
            if (process.get("name").asText().equals(service)) {
                new ProcessBuilder("kill", "-STOP", process.get("pid").asText())
                        .start()
                        .waitFor();
            }
        }
    }

    /** Stops everything in an orderly way. */
    void stop() throws InterruptedException {
        leave();
        up.destroy();
        up.waitFor();
    }

    /** Kills everything with SIGKILL, the broker first. */
    void kill() throws InterruptedException {
        leave();
        List<Long> processes = new ArrayList<>(List.of(address.get("pid").asLong()));
        address.get("services")
                .forEach(service -> processes.add(service.get("pid").asLong()));
        for (long pid : processes) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
        up.waitFor(1, TimeUnit.MINUTES);
    }

    private void leave() {
        client.close();
        log.close();
    }

    /** Writes what the stopped or killed stack left in Kafka. */
    void record(Path folder) throws IOException, ExecutionException, InterruptedException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(state.resolve("broker"))) {
            new Recording(folder).write(broker.bootstrap());
        }
    }
}
