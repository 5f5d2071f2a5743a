package io.espalier.pipeline.stage;

import io.espalier.v1.StageJob;
import io.espalier.v1.StageJob.Phase;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs of one partition a stage works on: so many at a time, so that what is begun is finished before more is begun.
 * The others wait; the one with the highest priority is next, and of those the oldest. It follows from what is remembered of
 * the jobs alone, so another replica that takes the partition over goes on the same way.
 */
final class Admission {
    private record Turn(String jobId, int priority, long since) {}

    private static final Comparator<Turn> NEXT = Comparator.comparingInt(Turn::priority)
            .reversed()
            .thenComparingLong(Turn::since)
            .thenComparing(Turn::jobId);

    private final int limit;
    private final Set<String> active = new HashSet<>();
    private final Map<String, Turn> waiting = new HashMap<>();
    private final TreeSet<Turn> order = new TreeSet<>(NEXT);

    /** @param limit jobs under way at a time, at least 1 */
    Admission(int limit) {
        this.limit = limit;
    }

    /** A job as it is remembered now. */
    void remembered(String jobId, @Nullable StageJob state) {
        Phase phase = state == null ? Phase.DONE : state.getPhase();
        if (phase == Phase.ACTIVE) {
            active.add(jobId);
        } else {
            active.remove(jobId);
        }
        Turn before = waiting.remove(jobId);
        if (before != null) {
            order.remove(before);
        }
        if (state != null && phase == Phase.QUEUED) {
            Turn turn = new Turn(jobId, state.getPriority(), state.getStartedAt());
            waiting.put(jobId, turn);
            order.add(turn);
        }
    }

    /** Whether a job that comes now has to wait. */
    boolean isFull() {
        return active.size() >= limit || !order.isEmpty();
    }

    /** The job whose turn it is; empty when none waits or enough are under way. */
    Optional<String> next() {
        return active.size() >= limit || order.isEmpty()
                ? Optional.empty()
                : Optional.of(order.first().jobId());
    }

    int waiting() {
        return order.size();
    }
}
