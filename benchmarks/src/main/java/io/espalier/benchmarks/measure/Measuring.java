package io.espalier.benchmarks.measure;

/** Where a measure runs. */
@FunctionalInterface
public interface Measuring {
    Measured run(Measure measure, Work work);

    /** In this process, whose peak memory is then that of everything it did. */
    static Measured here(Measure measure, Work work) {
        return measure.run(work);
    }
}
