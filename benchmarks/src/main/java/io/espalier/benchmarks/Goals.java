package io.espalier.benchmarks;

import io.espalier.benchmarks.report.Goal;

/** Goals of the modes that measure several processes or no separate process. */
final class Goals {
    /** The most resident memory for the 7b shape, without the page cache. */
    static final Goal FULL_RUN_GIGABYTES = Goal.atMost(2.5);

    static final Goal PRUNER_OVER_COPY = Goal.atLeast(0.6);
    static final Goal TWO_WORKERS = Goal.atLeast(1.8);
    static final Goal WAITING_SECONDS = Goal.atMost(1.5);

    private Goals() {}
}
