package io.espalier.cli;

import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.worker.WorkerLog;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/**
 * The Kafka broker that a command connects to, and the names of its topics.
 *
 * @param client client settings, such as bootstrap servers and security
 */
record Connection(Properties client, TopicCatalog topics) {
    private static final Duration ANSWER = Duration.ofSeconds(8);
    private static final Duration CATCH_UP = Duration.ofSeconds(30);

    /** The connection to the broker of a local stack, which has neither security nor a topic prefix. */
    static Connection local(String bootstrap) {
        Properties client = new Properties();
        client.setProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        return new Connection(client, TopicCatalog.load(""));
    }

    /**
     * Checks that the broker answers and has Espalier's topics. Without the check a command would wait for a missing broker for
     * ever.
     *
     * @throws CommandFailure if the broker does not answer in time or has no topics of Espalier
     */
    Connection checked() throws InterruptedException {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Long.toString(ANSWER.toMillis()));
        settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Long.toString(ANSWER.toMillis() / 2));
        try (Admin admin = Admin.create(settings)) {
            Set<String> existing = admin.listTopics().names().get();
            if (!existing.contains(topics.name("job-events"))) {
                throw CommandFailure.unreachable(
                        "the broker %s has no topic %s; create the topics first, or correct --topic-prefix"
                                .formatted(bootstrap(), topics.name("job-events")));
            }
            return this;
        } catch (ExecutionException e) {
            throw CommandFailure.unreachable(
                    "no answer from the Kafka broker %s: %s".formatted(bootstrap(), reason(e)), e);
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e.getCause();
        return cause == null ? "no reason given" : String.valueOf(cause.getMessage());
    }

    JobClient jobClient() {
        return new JobClient(client, topics, "cli");
    }

    /** A log of all jobs up to now. It also receives later events. */
    JobLog jobLog() {
        JobLog log = JobLog.follow(client, topics);
        if (!log.awaitCaughtUp(CATCH_UP)) {
            log.close();
            throw unread("job-events");
        }
        return log;
    }

    /** A log of the present state of all workers. It also receives later heartbeats. */
    WorkerLog workerLog() {
        WorkerLog log = WorkerLog.follow(client, topics);
        if (!log.awaitCaughtUp(CATCH_UP)) {
            log.close();
            throw unread("workers");
        }
        return log;
    }

    private CommandFailure unread(String topic) {
        return CommandFailure.unreachable(
                "cannot read %s from %s within %d s".formatted(topics.name(topic), bootstrap(), CATCH_UP.toSeconds()));
    }

    String bootstrap() {
        return client.getProperty(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG);
    }
}
