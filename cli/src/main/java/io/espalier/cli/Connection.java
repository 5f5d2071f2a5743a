package io.espalier.cli;

import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.worker.WorkerLog;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * The Kafka broker that a command connects to, and the names of its topics.
 *
 * @param client client settings, such as bootstrap servers and security
 * @param patience how long each step of the command waits
 */
record Connection(Properties client, TopicCatalog topics, Patience patience) {
    /** A request that got no answer for so long is sent again. */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(15);

    Connection {
        Properties patient = new Properties();
        patient.putAll(client);
        long limit = patience.limit().toMillis();
        long request = Math.min(limit / 2, LONGEST_REQUEST.toMillis());
        patient.putIfAbsent(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, Long.toString(limit));
        patient.putIfAbsent(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, Long.toString(request));
        patient.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Long.toString(limit));
        patient.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, Long.toString(limit));
        client = patient;
    }

    /** The connection to the broker of a local stack, which has neither security nor a topic prefix. */
    static Connection local(String bootstrap, Patience patience) {
        Properties client = new Properties();
        client.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        return new Connection(client, TopicCatalog.load(""), patience);
    }

    /**
     * Checks that the broker answers and has Espalier's topics. Without the check a command would wait for a missing broker for
     * ever. The Kafka client repeats its question until the time limit.
     *
     * @throws CommandFailure if the broker does not answer in time or has no topics of Espalier
     */
    Connection checked() throws InterruptedException {
        try (Admin admin = Admin.create(client);
                Patience.Wait wait = patience.waitFor("an answer of the Kafka broker " + bootstrap())) {
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
        if (!isRead("job-events", log::awaitCaughtUp)) {
            log.close();
            throw unread("job-events");
        }
        return log;
    }

    /** A log of the present state of all workers. It also receives later heartbeats. */
    WorkerLog workerLog() {
        WorkerLog log = WorkerLog.follow(client, topics);
        if (!isRead("workers", log::awaitCaughtUp)) {
            log.close();
            throw unread("workers");
        }
        return log;
    }

    private boolean isRead(String topic, Predicate<Duration> awaitCaughtUp) {
        try (Patience.Wait wait =
                patience.waitFor("the records of %s on %s".formatted(topics.name(topic), bootstrap()))) {
            return awaitCaughtUp.test(patience.limit());
        }
    }

    private CommandFailure unread(String topic) {
        return CommandFailure.unreachable("cannot read %s from %s within %d s; --timeout gives it more time"
                .formatted(topics.name(topic), bootstrap(), patience.limit().toSeconds()));
    }

    String bootstrap() {
        return client.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
    }
}
