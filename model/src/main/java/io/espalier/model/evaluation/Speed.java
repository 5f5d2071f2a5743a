package io.espalier.model.evaluation;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.ModelSize;
import io.espalier.model.transformer.ResidentModel;
import java.util.Arrays;

/**
 * How fast a model processes a prompt and generates after it: batch size 1, fp32, weights in memory.
 *
 * @param prefill prompt tokens per second
 * @param decode generated tokens per second
 */
public record Speed(double prefill, double decode) {
    private static final double NANOS = 1e9;

    /** Two models measured in turns, so that their speeds compare. */
    public record Comparison(Speed dense, Speed pruned) {}

    /** Whether the fp32 weights of both models fit into the memory budget together. */
    public static boolean fit(Checkpoint dense, Checkpoint pruned, MemoryBudget budget) {
        return bytes(dense) + bytes(pruned) <= budget.bytes();
    }

    private static long bytes(Checkpoint checkpoint) {
        return Float.BYTES
                * ModelSize.of(checkpoint.config(), checkpoint.tensors().values(), 1)
                        .parameters();
    }

    /**
     * Measures two models in turns, so that other load on the machine slows both. Each has one unmeasured run first.
     *
     * @param prompt token ids that both models know
     * @param decodeTokens tokens to generate after it, at least 1
     * @param repetitions runs of each model, at least 1; the median counts
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
