package io.espalier.pipeline.service;

import io.espalier.pipeline.topic.EventsFormat;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** How a service takes part in the pipeline. */
@ConfigMapping(prefix = "espalier")
public interface EspalierConfig {
    /** Prefix of every topic and group name, so that several installations can share a cluster. */
    @WithName("topic.prefix")
    Optional<String> topicPrefix();

    /** Threads that compute; part of the numeric profile. 0: one for each core. */
    @WithName("compute.threads")
    @WithDefault("0")
    int computeThreads();

    /** {@link #computeThreads()} with its default filled in. */
    default int threads() {
        return computeThreads() > 0 ? computeThreads() : Runtime.getRuntime().availableProcessors();
    }

    /**
     * Jobs a stage works on at a time, shared evenly between its partitions, each of which works on one at least. The others
     * wait for their turn. The same for all replicas of a service.
     */
    @WithName("jobs.under-way")
    @WithDefault("8")
    int jobsUnderWay();

    /** Jobs that may wait at the scorer, shared evenly between its partitions. What comes then ends as QUOTA_EXCEEDED. */
    @WithName("quota.jobs")
    @WithDefault("20000")
    int quotaJobs();

    /** Jobs under way that one authenticated caller may have sent over gRPC. */
    @WithName("quota.jobs-per-caller")
    @WithDefault("1000")
    int quotaJobsPerCaller();

    /** Calls of gRPC that one authenticated caller has in a second, at least 1. */
    @WithName("calls.per-second")
    @WithDefault("50")
    int callsPerSecond();

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

    /** How long a task may go on computing after its job has ended. Then the service ends, so that it is started anew. */
    @WithName("task.stop-limit")
    @WithDefault("1m")
    Duration taskStopLimit();

    /** Unique name of this process in results, logs and the list of workers. Default: host name and process id. */
    @WithName("worker.name")
    Optional<String> workerName();

    /** File of static bearer tokens: on each line a name, its roles and the SHA-256 of its token. Read again when it changes. */
    @WithName("auth.tokens-file")
    Optional<Path> tokensFile();

    /** Start although other machines reach the port and it has no TLS or no authentication. */
    @WithName("security.insecure")
    @WithDefault("false")
    boolean insecure();

    /**
     * Names by which browsers reach the web page, beside addresses and localhost: those of a proxy or a port forward. Other names
     * are refused where nobody is authenticated, since they may be another site's.
     */
    @WithName("web.hosts")
    Optional<List<String>> webHosts();

    /** Id of a process; the service ends when that process ends. */
    @WithName("parent.pid")
    OptionalLong parentPid();
}
