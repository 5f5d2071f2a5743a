package io.espalier.benchmarks.measure;

/** Runs a measure: in this process or in another one. */
@FunctionalInterface
public interface Measuring {
    Measured run(Measure measure, Work work);

    /** Runs measures in this process. Its peak memory then includes everything that ran before. */
    static Measured here(Measure measure, Work work) {
        return measure.run(work);
    }
}
