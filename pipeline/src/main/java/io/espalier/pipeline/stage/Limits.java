package io.espalier.pipeline.stage;

import java.util.function.IntSupplier;

/**
 * How much of a stage's work is under way at a time; the rest waits.
 *
 * @param jobs of the whole stage, shared evenly between its partitions, each of which works on one at least
 * @param waiting jobs that may wait where requests come in, shared in the same way; more are refused
 * @param tasksOfAJob issued and without a result; may change with the number of workers
 */
public record Limits(int jobs, int waiting, IntSupplier tasksOfAJob) {
    /** All at once. */
    public static final Limits NONE = new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, () -> Integer.MAX_VALUE);

    /** Jobs that one of so many partitions works on. */
    int jobsOfAPartition(int partitions) {
        return share(jobs, partitions);
    }

    /** Jobs that may wait in one of so many partitions. */
    int waitingInAPartition(int partitions) {
        return share(waiting, partitions);
    }

    private static int share(int whole, int partitions) {
        return Math.max(1, (int) Math.ceil((double) whole / partitions));
    }
}
