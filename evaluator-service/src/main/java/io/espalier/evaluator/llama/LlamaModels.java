package io.espalier.evaluator.llama;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;

/** The dense and the pruned model in llama.cpp, each in a process of its own. */
public final class LlamaModels implements AutoCloseable {
    /** For one answer. A model of many gigabytes takes minutes to load from a slow disk. */
    public static final Duration DEADLINE = Duration.ofMinutes(10);

    private static final double NANOS = 1e9;

    private final LlamaChild dense;
    private final LlamaChild pruned;

    private LlamaModels(LlamaChild dense, LlamaChild pruned) {
        this.dense = dense;
        this.pruned = pruned;
    }

    /**
     * How both models were measured.
     *
     * @param threads of each
     * @param context tokens that there is room for
     */
    public record Setting(int threads, int context) {}

    /**
     * @param prefill prompt tokens per second, the median
     * @param decode generated tokens per second, the median
     * @param peakMemory of the process in bytes; 0 where it is not known
     */
    public record Measured(double prefill, double decode, long peakMemory) {}

    /** @param promptTokens as llama.cpp cuts the prompt, without one that begins a text */
    public record Comparison(Measured dense, Measured pruned, int promptTokens) {}

    /**
     * @param tokens that are the same
     * @param ended whether the text ended behind them
     */
    public record Agreement(int tokens, boolean ended) {}

    /** Starts both processes, without models yet. */
    public static LlamaModels start(LlamaCommand command, Path folder, Duration deadline) throws LlamaFailure {
        LlamaChild first = LlamaChild.start(command, folder, "dense", deadline);
        try {
            return new LlamaModels(first, LlamaChild.start(command, folder, "pruned", deadline));
        } catch (LlamaFailure | RuntimeException e) {
            first.close();
            throw e;
        }
    }

    /**
     * Measures two files in turns, so that other load on the machine slows both. Each has one unmeasured run first.
     *
     * @param prompt text whose tokens are processed at once
     * @param beginning tokens that llama.cpp puts before the prompt
     * @param decodeTokens to generate behind it
     */
    public Comparison compare(
            Path denseFile,
            Path prunedFile,
            Setting setting,
            String prompt,
            int beginning,
            int decodeTokens,
            int repetitions)
            throws LlamaFailure {
        load(dense, denseFile, setting, "F16");
        load(pruned, prunedFile, setting, "F16");
        int tokens = prompt(dense, prompt);
        prompt(pruned, prompt);
        double[][] first = new double[repetitions][];
        double[][] second = new double[repetitions][];
        time(dense, decodeTokens);
        time(pruned, decodeTokens);
        for (int i = 0; i < repetitions; i++) {
            first[i] = time(dense, decodeTokens);
            second[i] = time(pruned, decodeTokens);
        }
        int read = beginning + tokens;
        return new Comparison(
                measured(dense, first, read, decodeTokens), measured(pruned, second, read, decodeTokens), tokens);
    }

    private static void load(LlamaChild child, Path file, Setting setting, String cache) throws LlamaFailure {
        child.ask("load %s %d %d %s".formatted(cache, setting.threads(), setting.context(), file), "loaded");
    }

    private static int prompt(LlamaChild child, String text) throws LlamaFailure {
        String packed = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        return (int) number(child.ask("prompt " + packed, "tokens")[0]);
    }

    /** @return seconds for the prompt and for the tokens behind it */
    private static double[] time(LlamaChild child, int tokens) throws LlamaFailure {
        String[] nanos = child.ask("time " + tokens, "nanos");
        return new double[] {number(nanos[0]) / NANOS, number(nanos[nanos.length - 1]) / NANOS};
    }

    private static long number(String answer) throws LlamaFailure {
        try {
            return Long.parseLong(answer);
        } catch (NumberFormatException e) {
            throw LlamaFailure.failed("llama.cpp's process answered no number: " + answer);
        }
    }

    private static Measured measured(LlamaChild child, double[][] seconds, int read, int written) {
        return new Measured(read / median(seconds, 0), written / median(seconds, 1), child.peakMemory());
    }

    private static double median(double[][] seconds, int which) {
        double[] sorted =
                Arrays.stream(seconds).mapToDouble(run -> run[which]).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * Compares the most likely tokens behind a prompt with expected ones, with cached keys and values in fp32.
     *
     * @param ids the expected ones, at least one
     */
    public static Agreement agreement(
            LlamaCommand command, Path file, Setting setting, String prompt, int[] ids, Duration deadline)
            throws LlamaFailure {
        Path folder = file.resolveSibling("");
        try (LlamaChild child = LlamaChild.start(command, folder, "compared", deadline)) {
            load(child, file, setting, "F32");
            prompt(child, prompt);
            String expected = Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
            String[] same = child.ask("compare " + expected, "same");
            return new Agreement((int) number(same[0]), Boolean.parseBoolean(same[same.length - 1]));
        }
    }

    @Override
    public void close() {
        dense.close();
        pruned.close();
    }
}
