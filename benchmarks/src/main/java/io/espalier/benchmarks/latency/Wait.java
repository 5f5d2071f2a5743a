package io.espalier.benchmarks.latency;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A time in which no task of a job ran.
 *
 * @param after what ended before: a kind of task, or the request
 * @param before what began next: a kind of task, or the end of the job
 * @param betweenStages whether the job passed from one stage to another, or entered or left the pipeline, in this time
 * @param deciding milliseconds until the next task, or the end of the job, was written
 * @param taking milliseconds from then until a worker had begun the task
 */
public record Wait(String after, String before, boolean betweenStages, long deciding, long taking) {
    private static final String REQUEST = "request";
    private static final String END = "end";

    public long millis() {
        return deciding + taking;
    }

    /**
     * All waits of a job, in order.
     *
     * @param requested when the request was written, milliseconds since the epoch
     * @param tasks at least one
     * @param completed when the terminal event was written, milliseconds since the epoch
     */
    public static List<Wait> of(long requested, List<TaskSpan> tasks, long completed) {
        List<TaskSpan> inOrder = new ArrayList<>(tasks);
        inOrder.sort(Comparator.comparingLong(TaskSpan::started));
        List<Wait> waits = new ArrayList<>();
        String after = REQUEST;
        String stage = REQUEST;
        long quietSince = requested;
        for (TaskSpan task : inOrder) {
            if (task.started() > quietSince) {
                long written = Math.max(quietSince, task.written());
                waits.add(new Wait(
                        after,
                        task.kind(),
                        !stage.equals(task.stage()),
                        written - quietSince,
                        task.started() - written));
            }
            if (task.ended() > quietSince) {
                after = task.kind();
                stage = task.stage();
                quietSince = task.ended();
            }
        }
        waits.add(new Wait(after, END, true, Math.max(0, completed - quietSince), 0));
        return waits;
    }
}
