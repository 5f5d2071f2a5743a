package io.espalier.pipeline.job;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Timestamps;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFollower;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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

    private final Map<String, Entry> jobs = new LinkedHashMap<>();
    private final List<Consumer<JobEvent>> observers = new ArrayList<>();
    private final TopicFollower follower;

    private static final class Entry {
        private JobView view = JobView.NONE;
        private final Deque<JobEvent> events = new ArrayDeque<>();
        private int progressEvents;
        /** A watcher may close its watch while it is told. */
        private final List<Consumer<JobEvent>> watchers = new CopyOnWriteArrayList<>();

        /** False while there are only watchers waiting for a first event. */
        boolean isKnown() {
            return !events.isEmpty();
        }

        Job job() {
            return view.job();
        }

        void add(JobEvent event) {
            view = view.after(event);
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

    private JobLog(Properties client, String topic) {
        this.follower = new TopicFollower(client, topic, TopicFollower.From.BEGINNING, this::read);
    }

    /** @param client connection settings: bootstrap servers, security */
    public static JobLog follow(Properties client, TopicCatalog topics) {
        JobLog log = new JobLog(client, topics.name("job-events"));
        log.follower.start();
        return log;
    }

    public synchronized Optional<Job> job(String jobId) {
        return Optional.ofNullable(jobs.get(jobId)).filter(Entry::isKnown).map(Entry::job);
    }

    /** Newest first. */
    public synchronized List<Job> jobs() {
        return jobs.values().stream()
                .filter(Entry::isKnown)
                .map(Entry::job)
                .sorted(Comparator.comparing(Job::getAcceptedAt, Timestamps.comparator())
                        .reversed()
                        .thenComparing(Job::getJobId))
                .toList();
    }

    /** Jobs that a principal sent and that have not ended. */
    public synchronized long underWay(String by) {
        return jobs.values().stream()
                .map(Entry::job)
                .filter(job -> job.getBy().equals(by) && !JobView.isTerminal(job.getState()))
                .count();
    }

    /** Whether the job is known to have had its terminal event. */
    public synchronized boolean hasEnded(String jobId) {
        Entry entry = jobs.get(jobId);
        return entry != null && JobView.isTerminal(entry.job().getState());
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
        return follower.awaitCaughtUp(limit);
    }

    public boolean isCaughtUp() {
        return follower.isCaughtUp();
    }

    /** Whether the log is still being followed. */
    public boolean isRunning() {
        return follower.isRunning();
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        try {
            byte[] event = EventsFormat.protobuf(record.value(), record.headers(), JobEvent.getDefaultInstance());
            apply(JobEvent.parseFrom(event));
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("unreadable job event at partition={} offset={}", record.partition(), record.offset());
        }
    }

    private synchronized void apply(JobEvent written) {
        JobEvent event = JobView.kept(written);
        Entry entry = jobs.computeIfAbsent(event.getJobId(), id -> new Entry());
        entry.add(event);
        entry.watchers.forEach(watcher -> tell(watcher, event));
        observers.forEach(observer -> tell(observer, event));
        if (jobs.size() > MAX_JOBS) {
            jobs.entrySet().stream()
                    .filter(candidate ->
                            JobView.isTerminal(candidate.getValue().job().getState())
                                    && candidate.getValue().watchers.isEmpty())
                    .findFirst()
                    .ifPresent(oldest -> jobs.remove(oldest.getKey()));
        }
    }

    /** A listener that fails does not stop the log. */
    private static void tell(Consumer<JobEvent> listener, JobEvent event) {
        try {
            listener.accept(event);
        } catch (RuntimeException e) {
            LOG.warn("a listener failed on an event of job={}", event.getJobId(), e);
        }
    }

    @Override
    public void close() {
        follower.close();
    }
}
