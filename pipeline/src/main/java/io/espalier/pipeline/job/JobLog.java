package io.espalier.pipeline.job;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Timestamps;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Job;
import io.espalier.v1.JobEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All jobs, folded from `job-events` by reading it from the beginning: every process that follows it knows the same
 * jobs, so any replica answers for any job.
 */
public final class JobLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobLog.class);
    private static final int MAX_JOBS = 10_000;
    private static final int MAX_PROGRESS_EVENTS = 200;
    private static final Duration POLL = Duration.ofMillis(250);

    private final KafkaConsumer<String, byte[]> consumer;
    private final Map<String, Entry> jobs = new LinkedHashMap<>();
    private final List<Consumer<JobEvent>> observers = new ArrayList<>();
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread follower;
    private volatile boolean running = true;

    private static final class Entry {
        private Job job = Job.getDefaultInstance();
        private final Deque<JobEvent> events = new ArrayDeque<>();
        private int progressEvents;
        private final List<Consumer<JobEvent>> watchers = new ArrayList<>();

        /** False while there are only watchers waiting for a first event. */
        boolean isKnown() {
            return !events.isEmpty();
        }

        void add(JobEvent event) {
            job = JobView.apply(job, event);
            events.addLast(event);
            if (event.hasProgress() && ++progressEvents > MAX_PROGRESS_EVENTS) {
                events.removeFirstOccurrence(events.stream()
                        .filter(JobEvent::hasProgress)
                        .findFirst()
                        .orElseThrow());
                progressEvents--;
            }
        }
    }

    private JobLog(KafkaConsumer<String, byte[]> consumer, String topic) {
        this.consumer = consumer;
        this.follower = new Thread(() -> follow(topic), "job-log");
        follower.setDaemon(true);
    }

    /** @param client connection settings: bootstrap servers, security */
    public static JobLog follow(Properties client, TopicCatalog topics) {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "100");
        JobLog log = new JobLog(
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer()),
                topics.name("job-events"));
        log.follower.start();
        return log;
    }

    public synchronized Optional<Job> job(String jobId) {
        return Optional.ofNullable(jobs.get(jobId)).filter(Entry::isKnown).map(entry -> entry.job);
    }

    /** Newest first. */
    public synchronized List<Job> jobs() {
        return jobs.values().stream()
                .filter(Entry::isKnown)
                .map(entry -> entry.job)
                .sorted(Comparator.comparing(Job::getAcceptedAt, Timestamps.comparator())
                        .reversed()
                        .thenComparing(Job::getJobId))
                .toList();
    }

    /** Whether the job is known to have had its terminal event. */
    public synchronized boolean hasEnded(String jobId) {
        Entry entry = jobs.get(jobId);
        return entry != null && JobView.isTerminal(entry.job.getState());
    }

    /**
     * Hears the events of a job from its beginning, then as they happen, on the follower's thread.
     *
     * @return closes the watch
     */
    public synchronized AutoCloseable watch(String jobId, Consumer<JobEvent> watcher) {
        Entry entry = jobs.computeIfAbsent(jobId, id -> new Entry());
        entry.events.forEach(watcher);
        entry.watchers.add(watcher);
        return () -> unwatch(jobId, watcher);
    }

    private synchronized void unwatch(String jobId, Consumer<JobEvent> watcher) {
        Entry entry = jobs.get(jobId);
        if (entry != null) {
            entry.watchers.remove(watcher);
            if (!entry.isKnown() && entry.watchers.isEmpty()) {
                jobs.remove(jobId);
            }
        }
    }

    /** Hears every event of every job that comes from now on, and of those before if called before the log is read. */
    public synchronized void observe(Consumer<JobEvent> observer) {
        observers.add(observer);
    }

    /** @return whether all events written before the call that created this log have been read */
    public boolean awaitCaughtUp(Duration limit) {
        try {
            return caughtUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    public boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    /** Whether the log is still being followed. */
    public boolean isRunning() {
        return follower.isAlive();
    }

    private void follow(String topic) {
        try (consumer) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (running) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    read(record);
                }
                if (!isCaughtUp()
                        && partitions.stream()
                                .allMatch(partition ->
                                        consumer.position(partition) >= ends.getOrDefault(partition, 0L))) {
                    caughtUp.countDown();
                }
            }
        } catch (WakeupException e) {
            LOG.debug("job log closed");
        } catch (RuntimeException e) {
            LOG.error("job log stopped; the service must be restarted", e);
        }
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        try {
            byte[] event = EventsFormat.protobuf(record.value(), record.headers(), JobEvent.getDefaultInstance());
            apply(JobEvent.parseFrom(event));
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("unreadable job event at partition={} offset={}", record.partition(), record.offset());
        }
    }

    private synchronized void apply(JobEvent event) {
        Entry entry = jobs.computeIfAbsent(event.getJobId(), id -> new Entry());
        entry.add(event);
        entry.watchers.forEach(watcher -> tell(watcher, event));
        observers.forEach(observer -> tell(observer, event));
        if (jobs.size() > MAX_JOBS) {
            jobs.entrySet().stream()
                    .filter(candidate ->
                            JobView.isTerminal(candidate.getValue().job.getState())
                                    && candidate.getValue().watchers.isEmpty())
                    .findFirst()
                    .ifPresent(oldest -> jobs.remove(oldest.getKey()));
        }
    }

    /** One listener's trouble is not the log's. */
    private static void tell(Consumer<JobEvent> listener, JobEvent event) {
        try {
            listener.accept(event);
        } catch (RuntimeException e) {
            LOG.warn("a listener failed on an event of job={}", event.getJobId(), e);
        }
    }

    @Override
    public void close() {
        running = false;
        consumer.wakeup();
        try {
            follower.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
