package io.espalier.pipeline.service;

import io.espalier.pipeline.topic.EventsFormat;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** Configuration all services share. */
@ConfigMapping(prefix = "espalier")
public interface EspalierConfig {
    /** Prefix of every topic and group name, so that several installations can share a cluster. */
    @WithName("topic.prefix")
    Optional<String> topicPrefix();

    /** Folder all checkpoints lie in; requests cannot name anything outside it. */
    @WithName("models.root")
    @WithDefault("models")
    Path modelsRoot();

    /** Folder all calibration and evaluation texts lie in. */
    @WithName("texts.root")
    @WithDefault("texts")
    Path textsRoot();

    /** Folder artifacts, reports and work files are written to; shared by all workers. */
    @WithName("artifacts.root")
    @WithDefault("artifacts")
    Path artifactsRoot();

    /** Threads that compute; part of the numeric profile. 0: one for each core. */
    @WithName("compute.threads")
    @WithDefault("0")
    int computeThreads();

    /** {@link #computeThreads()} with its default filled in. */
    default int threads() {
        return computeThreads() > 0 ? computeThreads() : Runtime.getRuntime().availableProcessors();
    }

    /**
     * In what matrix products are computed: fp32, bf16, fp16, or auto: the type the model is stored in where the processor
     * is fast at it, else fp32. Part of the numeric profile.
     */
    @WithName("compute.type")
    @WithDefault("auto")
    String computeType();

    /** Bytes of native memory that one pass over a model may take; written into the plan of a job. */
    @WithName("memory.budget")
    @WithDefault("2147483648")
    long memoryBudget();

    /** Silence of a started task after which it is issued again. */
    @WithName("task.overdue")
    @WithDefault("2m")
    Duration taskOverdue();

    /** How long an ended job is remembered, to recognise the same request. */
    @WithName("job.remembered")
    @WithDefault("7d")
    Duration jobRemembered();

    /** How long readers wait for a stage that died in a transaction. */
    @WithName("transaction.timeout")
    @WithDefault("10s")
    Duration transactionTimeout();

    /** Format of layer scores, pruned checkpoints, evaluations and job events: protobuf or json. */
    @WithName("events.format")
    @WithDefault("protobuf")
    EventsFormat eventsFormat();

    /** How long a drained or stopping worker waits for its task to stop before it gives it back anyway. */
    @WithName("drain.grace")
    @WithDefault("5s")
    Duration drainGrace();

    /** Unique name of this process in results, logs and the list of workers. Default: host name and process id. */
    @WithName("worker.name")
    Optional<String> workerName();

    /** Id of a process; the service ends when that process ends. */
    @WithName("parent.pid")
    OptionalLong parentPid();
}
