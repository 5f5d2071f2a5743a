package io.espalier.cli.view;

import com.google.protobuf.util.Timestamps;
import io.espalier.v1.KnownWorker;
import io.espalier.v1.TaskInHand;
import io.espalier.v1.TaskProgress;
import io.espalier.v1.WorkerBeat;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** Formats workers as text for people. */
public final class WorkerText {
    private static final String ROW = "%-28s %-10s %-9s %6s %9s  %s";
    private static final double MIB = 1 << 20;

    private WorkerText() {}

    public static String table(List<KnownWorker> workers) {
        if (workers.isEmpty()) {
            return "no workers";
        }
        StringBuilder table = new StringBuilder(
                String.format(Locale.ROOT, ROW, "WORKER", "SERVICE", "STATE", "HEARD", "PEAK", "TASK"));
        for (KnownWorker worker : workers) {
            WorkerBeat beat = worker.getLastBeat();
            table.append('\n')
                    .append(String.format(
                                    Locale.ROOT,
                                    ROW,
                                    beat.getWorkerId(),
                                    beat.getService(),
                                    state(worker),
                                    worker.getAge().getSeconds() + " s",
                                    mebibytes(beat.getMemoryPeakBytes()),
                                    task(beat))
                            .stripTrailing());
        }
        return table.toString();
    }

    /** Everything that a worker reported about itself. */
    public static String card(KnownWorker worker) {
        WorkerBeat beat = worker.getLastBeat();
        StringBuilder card = new StringBuilder();
        line(card, "worker", beat.getWorkerId());
        line(card, "service", beat.getService() + " " + beat.getVersion());
        line(card, "state", state(worker));
        line(card, "heard", worker.getAge().getSeconds() + " s ago");
        line(card, "host", beat.getHost());
        line(card, "device", beat.getDevice());
        line(card, "threads", Integer.toString(beat.getThreads()));
        line(
                card,
                "memory",
                "%s at most, of %s"
                        .formatted(mebibytes(beat.getMemoryPeakBytes()), mebibytes(beat.getMemoryLimitBytes())));
        line(card, "task", task(beat));
        if (beat.hasTask()) {
            line(
                    card,
                    "since",
                    Instant.ofEpochMilli(Timestamps.toMillis(beat.getTask().getSince()))
                            .truncatedTo(ChronoUnit.SECONDS)
                            .toString());
        }
        return card.toString().stripTrailing();
    }

    /** The last heartbeat of a lost worker has an outdated state, so the state is shown as lost. */
    private static String state(KnownWorker worker) {
        return worker.getLost()
                ? "lost"
                : worker.getLastBeat().getState().name().toLowerCase(Locale.ROOT);
    }

    private static String task(WorkerBeat beat) {
        if (!beat.hasTask()) {
            return "";
        }
        TaskInHand task = beat.getTask();
        return "%s of %s%s"
                .formatted(task.getTaskId(), task.getJobId(), task.hasProgress() ? progress(task.getProgress()) : "");
    }

    private static String progress(TaskProgress progress) {
        return ", %d/%d %s".formatted(progress.getDone(), progress.getTotal(), progress.getUnit());
    }

    private static String mebibytes(long bytes) {
        return bytes == 0 ? "–" : String.format(Locale.ROOT, "%,.0f MiB", bytes / MIB);
    }

    private static void line(StringBuilder card, String name, String value) {
        if (!value.isEmpty()) {
            card.append(String.format(Locale.ROOT, "%-10s%s%n", name, value));
        }
    }
}
