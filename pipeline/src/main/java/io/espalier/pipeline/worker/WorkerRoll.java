package io.espalier.pipeline.worker;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.WorkerBeat;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All workers as their beats tell it; pure. */
public final class WorkerRoll {
    /** Silence after which a worker counts as lost: four beats. */
    static final Duration LOST_AFTER = Duration.ofSeconds(20);

    /** A lost worker is shown this long, as its topic keeps it. */
    static final Duration FORGOTTEN_AFTER = Duration.ofHours(24);

    private final Map<String, WorkerBeat> beats = new TreeMap<>();

    /** @param beat null when the worker stopped in an orderly way */
    public synchronized void hear(String workerId, @Nullable WorkerBeat beat) {
        if (beat == null) {
            beats.remove(workerId);
        } else {
            beats.put(workerId, beat);
        }
    }

    /**
     * By service and worker id.
     *
     * @param now milliseconds since the epoch
     */
    public synchronized List<KnownWorker> workers(long now) {
        return beats.values().stream()
                .filter(beat -> silence(beat, now).compareTo(FORGOTTEN_AFTER) <= 0)
                .sorted(Comparator.comparing(WorkerBeat::getService).thenComparing(WorkerBeat::getWorkerId))
                .map(beat -> known(beat, now))
                .toList();
    }

    /** @param now milliseconds since the epoch */
    public Optional<KnownWorker> worker(String workerId, long now) {
        return workers(now).stream()
                .filter(worker -> worker.getLastBeat().getWorkerId().equals(workerId))
                .findFirst();
    }

    /**
     * Workers of a service that are heard of.
     *
     * @param now milliseconds since the epoch
     */
    public synchronized int count(String service, long now) {
        return (int) beats.values().stream()
                .filter(beat -> beat.getService().equals(service))
                .filter(beat -> silence(beat, now).compareTo(LOST_AFTER) <= 0)
                .count();
    }

    private static KnownWorker known(WorkerBeat beat, long now) {
        Duration silence = silence(beat, now);
        return KnownWorker.newBuilder()
                .setLastBeat(beat)
                .setAge(Durations.fromMillis(silence.toMillis()))
                .setLost(silence.compareTo(LOST_AFTER) > 0)
                .build();
    }

    /** Never negative: the clocks of two machines differ a little. */
    private static Duration silence(WorkerBeat beat, long now) {
        return Duration.ofMillis(Math.max(0, now - Timestamps.toMillis(beat.getAt())));
    }
}
