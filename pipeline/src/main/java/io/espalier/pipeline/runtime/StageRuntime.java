package io.espalier.pipeline.runtime;

import com.google.protobuf.InvalidProtocolBufferException;
import io.espalier.base.Lifecycle;
import io.espalier.pipeline.job.JobClient;
import io.espalier.pipeline.job.JobLog;
import io.espalier.pipeline.queue.Availability;
import io.espalier.pipeline.queue.KafkaFeatures;
import io.espalier.pipeline.queue.ShareGroup;
import io.espalier.pipeline.queue.TaskQueue;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.stage.FoldFailure;
import io.espalier.pipeline.stage.JobFold;
import io.espalier.pipeline.stage.Limits;
import io.espalier.pipeline.stage.Stage;
import io.espalier.pipeline.stage.StageTopology;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFollower;
import io.espalier.pipeline.worker.WorkerLog;
import io.espalier.pipeline.worker.WorkerPresence;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerCommand;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One stage in one process: some partitions of its fold, one worker on its task queue, the logs of jobs and workers. */
public final class StageRuntime implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StageRuntime.class);

    /** Before the workers are known. */
    private static final int MIN_TASKS_OF_A_JOB = 8;

    private static final Duration STREAMS_STOP = Duration.ofSeconds(10);

    private final StageSettings settings;
    private final Lifecycle parts = new Lifecycle("the stage");
    private final KafkaStreams streams;
    private final TaskQueue queue;
    private final JobLog jobs;
    private final JobClient client;
    private final Availability availability;
    private final WorkerLog workers;
    private final WorkerPresence presence;
    private final TopicFollower commands;
    private final WorkerBeat self;
    private final Worker worker;

    /**
     * Connects to Kafka; nothing runs before {@link #start}. When a part cannot be made, those before it are closed.
     *
     * @throws org.apache.kafka.common.KafkaException if the brokers cannot be reached
     */
    public StageRuntime(
            StageSettings settings, Stage stage, Worker worker, WorkFolders workFolders, Telemetry telemetry) {
        this.settings = settings;
        this.worker = worker;
        this.self = describe(settings, stage);
        this.availability = new Availability(settings.drainGrace());
        TopicCatalog topics = TopicCatalog.load(settings.topicPrefix());
        try {
            try (Admin admin = Admin.create(settings.kafka())) {
                KafkaFeatures.require(admin);
                ShareGroup.configure(admin, TaskQueue.groupId(topics, stage.topics()));
            }
            StateFolder folder = parts.start(StateFolder::create);
            jobs = parts.start(() -> JobLog.follow(settings.kafka(), topics));
            jobs.observe(workFolders::onEvent);
            client = parts.start(() -> new JobClient(settings.kafka(), topics, stage.label()));
            workers = parts.start(() -> WorkerLog.follow(settings.kafka(), topics));
            streams = new KafkaStreams(
                    StageTopology.build(
                            stage,
                            topics,
                            timing(settings),
                            new Limits(
                                    settings.jobsUnderWay(),
                                    settings.jobsWaiting(),
                                    () -> tasksOfAJob(workers.count(stage.label()))),
                            settings.eventsFormat(),
                            telemetry),
                    streamsSettings(stage, folder.path()));
            streams.setUncaughtExceptionHandler(StageRuntime::afterFailure);
            parts.start(() -> () -> streams.close(STREAMS_STOP));
            commands = parts.start(() -> new TopicFollower(
                    settings.kafka(), topics.name("worker-commands"), TopicFollower.From.NOW, this::obey));
            presence = parts.start(() -> new WorkerPresence(settings.kafka(), topics, this::beat));
            queue = parts.start(() -> new TaskQueue(
                    settings.kafka(),
                    topics,
                    stage.topics(),
                    settings.workerName(),
                    workFolders.tidied(worker, jobs),
                    jobs,
                    telemetry,
                    availability,
                    settings.stopLimit()));
        } catch (RuntimeException | Error e) {
            parts.undo(e);
            throw e;
        }
        availability.watch(presence::changed);
    }

    /** Enough that no worker waits for a task of the only job, and few enough that other jobs' tasks come between. */
    private static int tasksOfAJob(int workers) {
        return Math.max(MIN_TASKS_OF_A_JOB, 2 * workers);
    }

    private static JobFold.Timing timing(StageSettings settings) {
        return new JobFold.Timing(settings.overdueMillis(), settings.rememberMillis());
    }

    public void start() {
        commands.start();
        streams.start();
        queue.start();
        presence.start();
    }

    private static WorkerBeat describe(StageSettings settings, Stage stage) {
        return WorkerBeat.newBuilder()
                .setWorkerId(settings.workerName())
                .setService(stage.label())
                .setVersion(CodeVersion.get())
                .setHost(settings.host())
                .setThreads(settings.threads())
                .setMemoryLimitBytes(ProcessMemory.limitBytes())
                .build();
    }

    /** This worker as it is now. */
    public WorkerBeat beat() {
        return availability
                .describe(self.toBuilder())
                .setDevice(worker.device())
                .setMemoryPeakBytes(ProcessMemory.peakBytes())
                .build();
    }

    private void obey(ConsumerRecord<String, byte[]> record) {
        if (!settings.workerName().equals(record.key()) || record.value() == null) {
            return;
        }
        try {
            WorkerCommand command = WorkerCommand.parseFrom(record.value());
            LOG.info("told to {}", command.getCommandCase());
            switch (command.getCommandCase()) {
                case PAUSE -> availability.pause();
                case RESUME -> availability.resume();
                case DRAIN -> availability.drain();
                case COMMAND_NOT_SET -> LOG.warn("a command this version does not know");
            }
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("unreadable command at partition={} offset={}", record.partition(), record.offset());
        }
    }

    /** All workers of all stages. */
    public WorkerLog workers() {
        return workers;
    }

    /** For its own metrics. */
    public KafkaStreams streams() {
        return streams;
    }

    public JobLog jobs() {
        return jobs;
    }

    public JobClient client() {
        return client;
    }

    /** What keeps this process from working, in words; empty when it is ready. */
    public List<String> missing() {
        List<String> missing = new ArrayList<>();
        if (!streams.state().isRunningOrRebalancing()) {
            missing.add("Kafka Streams is " + streams.state());
        } else if (streams.state() != KafkaStreams.State.RUNNING) {
            missing.add("Kafka Streams is taking over its partitions");
        }
        if (!jobs.isCaughtUp()) {
            missing.add("the job log is still being read");
        }
        if (!commands.isCaughtUp()) {
            missing.add("commands are not heard yet");
        }
        if (!queue.isRunning()) {
            missing.add("the task queue is not polled");
        }
        return missing;
    }

    /** Whether the process can no longer work and must be restarted. */
    public boolean isBroken() {
        return streams.state().hasStartedOrFinishedShuttingDown()
                || !queue.isRunning()
                || !jobs.isRunning()
                || !workers.isRunning()
                || !commands.isRunning();
    }

    private Properties streamsSettings(Stage stage, Path stateFolder) {
        Properties config = new Properties();
        config.putAll(settings.kafka());
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.topicPrefix() + "espalier-" + stage.label());
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, "streams");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder.toString());
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "25");
        // The idle thread commits only after its poll returns: this bounds the latency of every hop.
        config.put(StreamsConfig.POLL_MS_CONFIG, "10");
        config.putIfAbsent(StreamsConfig.REPLICATION_FACTOR_CONFIG, "-1");
        config.put(
                StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
                Integer.toString(settings.transactionTimeoutMillis()));
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return config;
    }

    /**
     * When a broker is away for too long, Kafka Streams ends its thread, not always with an exception of Kafka's. A new
     * thread goes on where the last transaction ended. When the stage's own code failed, a new thread would fail again:
     * the service ends, and the orchestrator restarts it with growing delay.
     */
    static StreamThreadExceptionResponse afterFailure(Throwable failure) {
        LOG.error("stage thread failed", failure);
        boolean ours = Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                .anyMatch(cause -> cause instanceof FoldFailure || cause instanceof Error);
        return ours ? StreamThreadExceptionResponse.SHUTDOWN_CLIENT : StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    /** The queue first: it gives its task back while all else still runs. Then the other parts, latest first. */
    @Override
    public void close() {
        parts.close();
    }
}
