package io.espalier.deploy;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The metrics of the services under the names Prometheus shows. */
final class MetricNames {
    /** The only list of them in the deployment's tests. */
    static final Set<String> ALL = Set.of(
            "espalier_tasks_waiting",
            "espalier_tasks_running",
            "espalier_tasks_total",
            "espalier_task_seconds",
            "espalier_stage_seconds",
            "espalier_jobs_total",
            "espalier_tokens_total",
            "espalier_bytes_read_total",
            "espalier_memory_peak_bytes",
            "espalier_failures_total",
            "espalier_worker_state");

    private static final Pattern NAME = Pattern.compile("\\bespalier_[a-z_]+\\b");
    private static final Pattern TIMER_PART = Pattern.compile("(_seconds)_(count|sum|max|bucket)$");

    private MetricNames() {}

    /** The metrics an expression names; the parts of a timer count as the timer. */
    static Set<String> in(String expression) {
        Set<String> names = new TreeSet<>();
        NAME.matcher(expression)
                .results()
                .forEach(match -> names.add(TIMER_PART.matcher(match.group()).replaceAll("$1")));
        return names;
    }
}
