package io.espalier.model.evaluation;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.ModelSize;
import io.espalier.model.transformer.ResidentModel;
import java.util.Arrays;

/**
 * How fast a model reads a prompt and writes behind it, one text at a time, with its weights in memory.
 *
 * @param prefill prompt tokens per second
 * @param decode generated tokens per second
 */
public record Speed(double prefill, double decode) {
    private static final double NANOS = 1e9;

    /** Two models measured in one run. */
    public record Comparison(Speed dense, Speed pruned) {}

    /** Whether two models fit into the memory of one pass side by side. */
    public static boolean fit(Checkpoint dense, Checkpoint pruned, MemoryBudget budget) {
        return bytes(dense) + bytes(pruned) <= budget.bytes();
    }

    private static long bytes(Checkpoint checkpoint) {
        return Float.BYTES
                * ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), 1)
                        .parameters();
    }

    /**
     * Measures two models alternately, so that whatever else the machine does hits both, after one unmeasured run each.
     *
     * @param prompt token ids both can read
     * @param decodeTokens tokens generated behind it, at least 1
     * @param repetitions of which the median counts, at least 1
     */
    public static Comparison compare(
            Checkpoint dense, Checkpoint pruned, int[] prompt, int decodeTokens, int repetitions) {
        try (ResidentModel first = ResidentModel.load(dense);
                ResidentModel second = ResidentModel.load(pruned)) {
            once(first, prompt, decodeTokens);
            once(second, prompt, decodeTokens);
            Speed[] ofFirst = new Speed[repetitions];
            Speed[] ofSecond = new Speed[repetitions];
            for (int i = 0; i < repetitions; i++) {
                ofFirst[i] = once(first, prompt, decodeTokens);
                ofSecond[i] = once(second, prompt, decodeTokens);
            }
            return new Comparison(median(ofFirst), median(ofSecond));
        }
    }

    private static Speed once(ResidentModel model, int[] prompt, int decodeTokens) {
        try (ResidentModel.Generation text = model.begin()) {
            long start = System.nanoTime();
            int next = text.read(prompt);
            long read = System.nanoTime();
            for (int i = 0; i < decodeTokens; i++) {
                next = text.read(next);
            }
            long written = System.nanoTime();
            return new Speed(prompt.length * NANOS / (read - start), decodeTokens * NANOS / (written - read));
        }
    }

    private static Speed median(Speed[] speeds) {
        return new Speed(
                median(Arrays.stream(speeds).mapToDouble(Speed::prefill).toArray()),
                median(Arrays.stream(speeds).mapToDouble(Speed::decode).toArray()));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
