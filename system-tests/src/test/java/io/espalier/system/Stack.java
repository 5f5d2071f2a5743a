package io.espalier.system;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.awaitility.Awaitility;

/** The pipeline as users run it, a real broker and a JVM for each service, whose parts a test can take down. */
final class Stack implements AutoCloseable {
    static final TopicCatalog TOPICS = TopicCatalog.load("");

    /** Generous: a loaded machine is slow, not wrong. */
    static final Duration LIMIT = Duration.ofMinutes(3);

    private final Folders folders;
    private final Services services;
    private final Map<String, Health> healthBeforeTopics;
    private final String bootstrap;
    private final TopicLog log;
    private final JobClient client;
    private TestBroker broker;

    /**
     * What an orchestrator is told of a service over HTTP.
     *
     * @param live status of the answer whether it lives
     * @param ready status of the answer whether it can work
     */
    record Health(int live, int ready) {
        private static Health of(Services services, ServiceProcess process) throws IOException, InterruptedException {
            return new Health(
                    services.get(process, "/q/health/live").statusCode(),
                    services.get(process, "/q/health/ready").statusCode());
        }
    }

    private Stack(Folders folders, TestBroker broker, Services services, Map<String, Health> healthBeforeTopics) {
        this.folders = folders;
        this.services = services;
        this.healthBeforeTopics = healthBeforeTopics;
        this.broker = broker;
        this.bootstrap = broker.bootstrap();
        this.log = TopicLog.follow(bootstrap, TOPICS);
        this.client = new JobClient(kafka(), TOPICS, "system-tests");
    }

    /**
     * Two scorers, a pruner, a recoverer and an evaluator on a broker in this JVM; returns when all of them say that they are ready.
     *
     * @param options of the services' JVMs, beside those of a local stack
     */
    static Stack start(Folders folders, String... options) throws IOException, InterruptedException {
        return startOn(TestBroker.embedded(brokerFolder(folders)), folders, options);
    }

    /** On Kafka's own image where there is one, else as {@link #start}. */
    static Stack startContained(Folders folders, String... options) throws IOException, InterruptedException {
        return startOn(TestBroker.containedOrEmbedded(brokerFolder(folders)), folders, options);
    }

    /** On what an earlier build has left in Kafka; what it left on disk lies in the folders already. */
    static Stack restore(Folders folders, Recording recording)
            throws IOException, InterruptedException, ExecutionException {
        TestBroker broker = TestBroker.embedded(brokerFolder(folders));
        Services services = new Services(folders, broker.bootstrap(), List.of());
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()))) {
            Restoration.into(broker.bootstrap(), recording);
            // As an upgrade does before it starts the new version: the topics that this one has more.
            TOPICS.createMissing(admin, broker.replicas());
            for (String stage : Services.stages()) {
                services.launch(stage);
            }
            services.awaitReady();
            return new Stack(folders, broker, services, Map.of());
        } catch (IOException | InterruptedException | ExecutionException | RuntimeException e) {
            services.close();
            broker.close();
            throw e;
        }
    }

    /** As on a cluster: nobody orders the services behind the job or the operator that makes their topics. */
    static Stack startOn(TestBroker broker, Folders folders, String... options)
            throws IOException, InterruptedException {
        Services services = new Services(folders, broker.bootstrap(), List.of(options));
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()))) {
            for (String stage : List.of("scorer", "scorer", "pruner", "recoverer", "evaluator")) {
                services.launch(stage);
            }
            Map<String, Health> healthBeforeTopics = new TreeMap<>();
            for (ServiceProcess process : services.all()) {
                Services.awaitLogged(process, "topic job-events is not there yet");
                healthBeforeTopics.put(process.launch().name(), Health.of(services, process));
            }
            TOPICS.createMissing(admin, broker.replicas());
            services.awaitReady();
            return new Stack(folders, broker, services, healthBeforeTopics);
        } catch (IOException | InterruptedException | RuntimeException e) {
            services.close();
            broker.close();
            throw e;
        }
    }

    static Path brokerFolder(Folders folders) {
        return folders.state().resolve("broker");
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

    Services services() {
        return services;
    }

    Properties kafka() {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", bootstrap);
        return properties;
    }

    /** The first living process of a service. */
    ServiceProcess service(String stage) {
        return services.living(stage).get(0);
    }

    /** Of the first process of a service, when it had started and its topics were not there yet. */
    Health healthBeforeTopics(String stage) {
        return healthBeforeTopics.get(stage + "-1");
    }

    /** Of the first living process of a service, now. */
    Health health(String stage) throws IOException, InterruptedException {
        return Health.of(services, service(stage));
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

    /**
     * Kills a worker the hard way while it works on a task of a job.
     *
     * @param taskPrefix what the task's id begins with
     * @return the start it had reported of the task it takes to its grave
     */
    TaskResult killWorkerWithTaskInHand(String stage, String jobId, String taskPrefix) {
        TaskResult started = freezeWorkerWithTaskInHand(stage, jobId, taskPrefix);
        Services.kill(services.named(started.getWorker()));
        return started;
    }

    /** Freezes a worker while it works on a task of a job; it can then be killed, or go on as if nothing had been. */
    TaskResult freezeWorkerWithTaskInHand(String stage, String jobId, String taskPrefix) {
        return Awaitility.await("a %s with %s of %s in hand".formatted(stage, taskPrefix, jobId))
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> frozenInHand(stage, jobId, taskPrefix), Optional::isPresent)
                .orElseThrow();
    }

    /** Freezes a worker of a stage while it works on a task of any of these jobs. */
    TaskResult freezeWorkerWithTaskInHand(String stage, Collection<String> jobs) {
        return Awaitility.await("a %s with a task in hand".formatted(stage))
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(
                        () -> {
                            for (String job : jobs) {
                                Optional<TaskResult> frozen = frozenInHand(stage, job, "");
                                if (frozen.isPresent()) {
                                    return frozen;
                                }
                            }
                            return Optional.<TaskResult>empty();
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    /** Freezes the worker of an unfinished task; lets it go on when its result was on the way. */
    private Optional<TaskResult> frozenInHand(String stage, String jobId, String taskPrefix)
            throws IOException, InterruptedException {
        Optional<TaskResult> started = unfinished(jobId, taskPrefix).stream()
                .filter(start -> workers(stage).contains(start.getWorker()))
                .findFirst();
        if (started.isEmpty()) {
            return started;
        }
        ServiceProcess worker = services.named(started.get().getWorker());
        Services.freeze(worker);
        log.catchUp(StageTopics.named(stage).results(), kafka());
        if (unfinished(jobId, taskPrefix).contains(started.get())) {
            return started;
        }
        Services.unfreeze(worker);
        return Optional.empty();
    }

    private List<TaskResult> unfinished(String jobId, String taskPrefix) {
        List<TaskResult> results = log.results(jobId);
        return results.stream()
                .filter(result -> result.hasProgress() && result.getTaskId().startsWith(taskPrefix))
                .filter(start -> results.stream()
                        .noneMatch(result ->
                                !result.hasProgress() && result.getTaskId().equals(start.getTaskId())))
                .toList();
    }

    /** The start that a worker reported of a task of a job that it has in hand. */
    TaskResult awaitTaskInHand(String jobId, String taskPrefix) {
        return Awaitility.await("a %s of %s in hand".formatted(taskPrefix, jobId))
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> unfinished(jobId, taskPrefix), starts -> !starts.isEmpty())
                .get(0);
    }

    /** Ids of the living workers of a stage. */
    List<String> workers(String stage) {
        return services.living(stage).stream()
                .map(process -> process.launch().name())
                .toList();
    }

    /** What a service tells its monitoring. */
    String metrics(String stage) throws IOException, InterruptedException {
        return services.get(service(stage), "/q/metrics").body();
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

    @Override
    public void close() {
        services.close();
        client.close();
        log.close();
        broker.close();
    }
}
