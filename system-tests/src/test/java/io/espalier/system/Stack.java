package io.espalier.system;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.awaitility.Awaitility;

/** The pipeline as users run it, a real broker and a JVM for each service, whose parts a test can take down. */
final class Stack implements AutoCloseable {
    static final TopicCatalog TOPICS = TopicCatalog.load("");

    /** Generous: a loaded machine is slow, not wrong. */
    static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Duration STOP = Duration.ofSeconds(10);

    private final Folders folders;
    private final StackSettings settings;
    private final List<String> options;
    private final List<ServiceProcess> services = new ArrayList<>();
    private final String bootstrap;
    private final TopicLog log;
    private final JobClient client;
    private TestBroker broker;

    private Stack(Folders folders, TestBroker broker, List<String> options) {
        this.folders = folders;
        this.options = options;
        this.settings = settings(folders);
        this.broker = broker;
        this.bootstrap = broker.bootstrap();
        this.log = TopicLog.follow(bootstrap, TOPICS);
        this.client = new JobClient(kafka(), TOPICS, "system-tests");
    }

    /**
     * On a broker in this JVM; returns when every service says that it is ready.
     *
     * @param options of the services' JVMs, beside those of a local stack
     */
    static Stack start(Folders folders, int scorers, String... options) throws IOException, InterruptedException {
        return startOn(TestBroker.embedded(brokerFolder(folders)), folders, scorers, options);
    }

    /** On Kafka's own image where there is one, else as {@link #start}. */
    static Stack startContained(Folders folders, int scorers) throws IOException, InterruptedException {
        return startOn(TestBroker.containedOrEmbedded(brokerFolder(folders)), folders, scorers);
    }

    private static Stack startOn(TestBroker broker, Folders folders, int scorers, String... options)
            throws IOException, InterruptedException {
        Files.createDirectories(folders.artifacts());
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()))) {
            TOPICS.createMissing(admin, 1);
        }
        Stack stack = new Stack(folders, broker, List.of(options));
        try {
            Files.createDirectories(stack.settings.temporaryFolder());
            for (int i = 0; i < scorers; i++) {
                stack.launch("scorer");
            }
            stack.launch("pruner");
            stack.launch("evaluator");
            stack.awaitReady();
            return stack;
        } catch (IOException | InterruptedException | RuntimeException e) {
            stack.close();
            throw e;
        }
    }

    private static Path brokerFolder(Folders folders) {
        return folders.state().resolve("broker");
    }

    private static StackSettings settings(Folders folders) {
        return new StackSettings(
                Folders.HOME, folders.state(), folders.models(), folders.texts(), folders.artifacts(), 1, false);
    }

    Folders folders() {
        return folders;
    }

    /** Everything that was written to any topic. */
    TopicLog log() {
        return log;
    }

    JobClient client() {
        return client;
    }

    Properties kafka() {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", bootstrap);
        return properties;
    }

    /** The first living process of a service. */
    ServiceProcess service(String service) {
        return living(service).get(0);
    }

    private List<ServiceProcess> living(String service) {
        return services.stream()
                .filter(process ->
                        process.isAlive() && process.launch().service().equals(service))
                .toList();
    }

    /** Publishes a request and waits for the end of its job. */
    JobEvent run(PruneRequest request) {
        client.submit(request);
        return awaitEnd(request.getRequestId());
    }

    /** The terminal event of a job. */
    JobEvent awaitEnd(String jobId) {
        return Awaitility.await("the terminal event of " + jobId)
                .atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> log.terminalEvents(jobId), ends -> !ends.isEmpty())
                .get(0);
    }

    /** The first event of a job that is what the test waits for. */
    JobEvent awaitEvent(String jobId, Predicate<JobEvent> moment) {
        return Awaitility.await("an event of " + jobId)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> log.events(jobId).stream().filter(moment).findFirst(), Optional::isPresent)
                .orElseThrow();
    }

    /** Brings the number of living processes of a stage up to this one. */
    void ensure(String stage, int count) throws IOException, InterruptedException {
        while (living(stage).size() < count) {
            launch(stage);
        }
        awaitReady();
    }

    /**
     * Kills a worker the hard way while it works on a task of a job.
     *
     * @param taskPrefix what the task's id begins with
     * @return the start it had reported of the task it takes to its grave
     */
    TaskResult killWorkerWithTaskInHand(String stage, String jobId, String taskPrefix) throws InterruptedException {
        TaskResult started = Awaitility.await("a %s with %s of %s in hand".formatted(stage, taskPrefix, jobId))
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> frozenInHand(stage, jobId, taskPrefix), Optional::isPresent)
                .orElseThrow();
        ServiceProcess victim = worker(started.getWorker());
        ProcessHandle.of(victim.pid()).ifPresent(ProcessHandle::destroyForcibly);
        victim.awaitStop(STOP);
        return started;
    }

    /** Freezes the worker of an unfinished task; lets it go on when its result was on the way. */
    private Optional<TaskResult> frozenInHand(String stage, String jobId, String taskPrefix)
            throws IOException, InterruptedException {
        Optional<TaskResult> started = unfinished(jobId, taskPrefix);
        if (started.isEmpty()) {
            return started;
        }
        ServiceProcess worker = worker(started.get().getWorker());
        signal(worker, "STOP");
        log.catchUp(StageTopics.named(stage).results(), kafka());
        if (unfinished(jobId, taskPrefix).filter(started.get()::equals).isPresent()) {
            return started;
        }
        signal(worker, "CONT");
        return Optional.empty();
    }

    private Optional<TaskResult> unfinished(String jobId, String taskPrefix) {
        List<TaskResult> results = log.results(jobId);
        return results.stream()
                .filter(result -> result.hasProgress() && result.getTaskId().startsWith(taskPrefix))
                .filter(start -> results.stream()
                        .noneMatch(result ->
                                !result.hasProgress() && result.getTaskId().equals(start.getTaskId())))
                .findFirst();
    }

    /** The start that a worker reported of a task of a job that it has in hand. */
    TaskResult awaitTaskInHand(String jobId, String taskPrefix) {
        return Awaitility.await("a %s of %s in hand".formatted(taskPrefix, jobId))
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> unfinished(jobId, taskPrefix), Optional::isPresent)
                .orElseThrow();
    }

    /** Ids of the living workers of a stage. */
    List<String> workers(String stage) {
        return living(stage).stream().map(process -> process.launch().name()).toList();
    }

    /**
     * Stops a worker as an orchestrator does.
     *
     * @return its exit code
     */
    int terminate(String workerName) {
        ServiceProcess process = worker(workerName);
        process.requestStop();
        process.awaitStop(LIMIT);
        return process.exitCode();
    }

    /** What a service tells its monitoring. */
    String metrics(String stage) throws IOException, InterruptedException {
        HttpRequest question = HttpRequest.newBuilder(
                        service(stage).launch().http().resolve("/q/metrics"))
                .build();
        return HttpClient.newHttpClient()
                .send(question, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private ServiceProcess worker(String name) {
        return services.stream()
                .filter(service -> service.launch().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void signal(ServiceProcess process, String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** Waits until the first process of a service writes something to its log. */
    void awaitLogged(String stage, String text) {
        Path file = worker(stage + "-1").launch().log();
        Awaitility.await("\"%s\" in %s".formatted(text, file)).atMost(LIMIT).until(() -> Files.readString(file)
                .contains(text));
    }

    /** Stops the broker in an orderly way: clients find nobody behind its port. */
    void stopBroker() {
        broker.close();
    }

    /** Starts the broker again on the folder and port it had. */
    void restartBroker() throws IOException {
        broker = TestBroker.embedded(brokerFolder(folders));
        if (!broker.bootstrap().equals(bootstrap)) {
            throw new IOException("the broker came back at " + broker.bootstrap() + ", not at " + bootstrap);
        }
    }

    /** Processes of a service are numbered from 1 in the order they were started: scorer-1, scorer-2. */
    private void launch(String stage) throws IOException {
        long before = services.stream()
                .filter(process -> process.launch().service().equals(stage))
                .count();
        String name = stage + "-" + (before + 1);
        Launch usual = ServiceLaunches.launch(settings, bootstrap, stage, name);
        List<String> command = new ArrayList<>(usual.command());
        command.addAll(1, options);
        services.add(ServiceProcess.start(
                new Launch(usual.service(), name, command, usual.environment(), usual.log(), usual.httpPort())));
    }

    private void awaitReady() throws InterruptedException {
        HttpClient http = HttpClient.newHttpClient();
        for (ServiceProcess service : services) {
            if (service.isAlive()) {
                service.awaitReady(http, LIMIT);
            }
        }
    }

    @Override
    public void close() {
        services.forEach(ServiceProcess::requestStop);
        services.forEach(service -> service.awaitStop(STOP));
        client.close();
        log.close();
        broker.close();
    }
}
