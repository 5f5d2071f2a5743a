package io.espalier.benchmarks;

import io.espalier.benchmarks.report.Goal;

/** Goals of the modes that look at more than one process or at none. */
final class Goals {
    /** Of the 7b shape; the page cache is not counted. */
    static final Goal FULL_RUN_GIGABYTES = Goal.atMost(2.5);

    static final Goal PRUNER_OVER_COPY = Goal.atLeast(0.6);
    static final Goal TWO_WORKERS = Goal.atLeast(1.8);
    static final Goal WAITING_SECONDS = Goal.atMost(1.5);

    private Goals() {}
}
