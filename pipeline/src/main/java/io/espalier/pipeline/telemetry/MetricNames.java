package io.espalier.pipeline.telemetry;

import java.util.Map;

/**
 * Every metric a service exports, as Prometheus spells it; dashboards, alerts and autoscaling are written against
 * these. All have the tag {@link #STAGE}; {@link #HELP} says what each of them counts.
 */
public final class MetricNames {
    /** Gauge. */
    public static final String JOBS_WAITING = "espalier_jobs_waiting";

    /** Gauge. */
    public static final String TASKS_WAITING = "espalier_tasks_waiting";

    /** Gauge. */
    public static final String TASKS_RUNNING = "espalier_tasks_running";

    /** Counter by {@link #OUTCOME}. */
    public static final String TASKS = "espalier_tasks_total";

    /** Timer by {@link #WORK}. */
    public static final String TASK_SECONDS = "espalier_task_seconds";

    /** Timer. */
    public static final String STAGE_SECONDS = "espalier_stage_seconds";

    /** Counter by {@link #OUTCOME}. */
    public static final String JOBS = "espalier_jobs_total";

    /** Counter. */
    public static final String TOKENS = "espalier_tokens_total";

    /** Counter. */
    public static final String BYTES_READ = "espalier_bytes_read_total";

    /** Gauge. */
    public static final String MEMORY_PEAK_BYTES = "espalier_memory_peak_bytes";

    /** Counter by {@link #CODE}. */
    public static final String FAILURES = "espalier_failures_total";

    /** Gauge by {@link #STATE}. */
    public static final String WORKER_STATE = "espalier_worker_state";

    /** What Prometheus shows as the help text of each metric. Units stand in the names. */
    public static final Map<String, String> HELP = Map.ofEntries(
            Map.entry(JOBS_WAITING, "Jobs that wait for their turn, in the partitions of this replica"),
            Map.entry(
                    TASKS_WAITING,
                    "Tasks of jobs under way that no worker has taken, in the partitions of this replica"),
            Map.entry(TASKS_RUNNING, "Tasks this worker has in hand: 0 or 1"),
            Map.entry(TASKS, "Tasks that ended for this worker, by outcome"),
            Map.entry(TASK_SECONDS, "Seconds from taking a task to its end for this worker, by kind of work"),
            Map.entry(STAGE_SECONDS, "Seconds from a job's arrival at this stage to its handing on"),
            Map.entry(JOBS, "Jobs this stage has ended, by outcome"),
            Map.entry(TOKENS, "Tokens put through a layer; one that passes ten layers counts ten times"),
            Map.entry(BYTES_READ, "Bytes of tensors read from checkpoints"),
            Map.entry(MEMORY_PEAK_BYTES, "Most memory this process has had resident, in bytes"),
            Map.entry(FAILURES, "Failed jobs, records set aside and workers that must be replaced, by error code"),
            Map.entry(WORKER_STATE, "1 for the state this worker is in"));

    public static final String STAGE = "stage";
    public static final String OUTCOME = "outcome";
    public static final String WORK = "work";
    public static final String CODE = "code";
    public static final String STATE = "state";

    private MetricNames() {}
}
