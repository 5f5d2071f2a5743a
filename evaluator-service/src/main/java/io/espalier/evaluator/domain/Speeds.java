package io.espalier.evaluator.domain;

import java.util.List;

/**
 * How fast the dense and the pruned model are, and in what.
 *
 * @param runtime that they were measured in, as a request calls it; empty when they were not
 * @param version of the runtime; empty where it is this program
 * @param weightType that the weights were stored in: "f32", "f16" or "bf16"
 * @param prefillTokens of the prompt
 * @param decodeTokens generated behind it
 * @param repetitions alternating dense/pruned repetitions, of which the median counts; 0 when not measured
 * @param notes what users should know, in words
 */
public record Speeds(
        String runtime,
        String version,
        String weightType,
        int threads,
        Measured dense,
        Measured pruned,
        int prefillTokens,
        int decodeTokens,
        int repetitions,
        List<String> notes) {
    public Speeds {
        notes = List.copyOf(notes);
    }

    /**
     * @param prefill tokens per second; 0 when not measured
     * @param decode tokens per second; 0 when not measured
     * @param peakMemory bytes of the process; 0 when not measured
     */
    public record Measured(double prefill, double decode, long peakMemory) {
        static final Measured NOT = new Measured(0, 0, 0);
    }

    /** Nothing was measured. */
    static Speeds none(List<String> notes) {
        return new Speeds("", "", "", 0, Measured.NOT, Measured.NOT, 0, 0, 0, notes);
    }
}
