package io.espalier.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Rope;
import io.espalier.model.file.Quoted;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * The frequencies of rotary position embeddings (RoFormer, section 3.2), after the config's scaling.
 *
 * @param perPair radians per position of each rotated pair of a head, [pairs]
 * @param factor of every cosine and sine: YaRN and LongRoPE scale the attention scores with it
 */
public record RotaryFrequencies(double[] perPair, double factor) {
    public RotaryFrequencies {
        perPair = perPair.clone();
    }

    @Override
    public double[] perPair() {
        return perPair.clone();
    }

    /**
     * The frequencies that a config describes: {@code theta^(−2i/r)} for pair i of the r rotated positions of a head, then
     * scaled.
     *
     * @param headDim D
     * @param length tokens of the text so far; {@code dynamic} and {@code longrope} rotate long texts otherwise
     * @throws EspalierException {@code MODEL_UNSUPPORTED} for an unknown type of scaling; {@code MODEL_CORRUPT} when the
     *     whole of an odd D is to be rotated or a number of the scaling is missing
     */
    static RotaryFrequencies of(Rope rope, int headDim, int length) {
        int rotated = (int) (headDim * rope.share());
        if (rotated == headDim && headDim % 2 != 0) {
            throw corrupt("head_dim " + headDim + " is odd; rotary positions need pairs");
        }
        RotaryFrequencies frequencies =
                switch (rope.type()) {
                    case "default" -> plain(rope.theta(), rotated);
                    case "linear" -> plain(rope.theta(), rotated).slower(number(rope, "factor"));
                    case "llama3" -> llama3(rope, plain(rope.theta(), rotated));
                    case "dynamic" -> dynamic(rope, rotated, length);
                    case "yarn" -> yarn(rope, rotated);
                    case "longrope" -> longrope(rope, rotated, length);
                    default ->
                        throw new EspalierException(
                                ErrorCode.MODEL_UNSUPPORTED,
                                "config.json: rope_type " + Quoted.of(rope.type())
                                        + "; supported are default, linear, llama3, dynamic, yarn, longrope");
                };
        if (!DoubleStream.concat(Arrays.stream(frequencies.perPair), DoubleStream.of(frequencies.factor))
                .allMatch(Double::isFinite)) {
            throw corrupt("rope_type %s with rope_theta %s and these settings gives no finite frequencies"
                    .formatted(rope.type(), rope.theta()));
        }
        return frequencies;
    }

    private static RotaryFrequencies plain(double theta, int rotated) {
        return new RotaryFrequencies(
                IntStream.range(0, (rotated + 1) / 2)
                        .mapToDouble(i -> Math.pow(theta, -2.0 * i / rotated))
                        .toArray(),
                1);
    }

    private RotaryFrequencies slower(double divisor) {
        return new RotaryFrequencies(
                Arrays.stream(perPair).map(f -> f / divisor).toArray(), factor);
    }

    /**
     * Llama 3.1's scaling (released code): low frequencies are divided by the factor, high ones are kept, and those
     * between are interpolated.
     */
    private static RotaryFrequencies llama3(Rope rope, RotaryFrequencies plain) {
        double factor = number(rope, "factor");
        double low = number(rope, "low_freq_factor");
        double high = number(rope, "high_freq_factor");
        return new RotaryFrequencies(
                Arrays.stream(plain.perPair)
                        .map(f -> {
                            double turns = rope.originalPositions() * f / (2 * Math.PI);
                            double blend = Math.min(1, Math.max(0, (turns - low) / (high - low)));
                            return (1 - blend) * f / factor + blend * f;
                        })
                        .toArray(),
                1);
    }

    /**
     * Dynamic NTK scaling: a text longer than the model's longest sequence stretches the base, so that the lowest frequency
     * turns as far over the whole text as it did over that sequence (times the factor).
     */
    private static RotaryFrequencies dynamic(Rope rope, int rotated, int length) {
        double factor = number(rope, "factor");
        if (rotated <= 2) {
            throw corrupt("rope_type dynamic needs more than one rotated pair for each head");
        }
        double stretch = factor * Math.max(length, rope.positions()) / rope.positions() - (factor - 1);
        return plain(rope.theta() * Math.pow(stretch, rotated / (rotated - 2.0)), rotated);
    }

    /**
     * YaRN (Peng et al., 2023, section 3): pairs that turn often within the original context keep their frequency, those
     * that turn less than once are divided by the factor, and those between are blended along a ramp.
     */
    private static RotaryFrequencies yarn(Rope rope, int rotated) {
        double factor = extension(rope);
        double fast = positiveOr(rope, "beta_fast", 32);
        double slow = positiveOr(rope, "beta_slow", 1);
        double first = pairThatTurns(fast, rope, rotated);
        double last = pairThatTurns(slow, rope, rotated);
        if (rope.parameter("truncate").asBoolean(true)) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        double from = Math.max(first, 0);
        double to = Math.min(last, rotated - 1.0);
        double width = from == to ? 0.001 : to - from;
        double[] plain = plain(rope.theta(), rotated).perPair;
        return new RotaryFrequencies(
                IntStream.range(0, plain.length)
                        .mapToDouble(i -> {
                            double ramp = Math.min(1, Math.max(0, (i - from) / width));
                            return ramp * plain[i] / factor + (1 - ramp) * plain[i];
                        })
                        .toArray(),
                yarnFactor(rope, factor));
    }

    /** The pair, as a real number, that turns so often within the original context. */
    private static double pairThatTurns(double turns, Rope rope, int rotated) {
        return rotated * Math.log(rope.originalPositions() / (turns * 2 * Math.PI)) / (2 * Math.log(rope.theta()));
    }

    private static double yarnFactor(Rope rope, double factor) {
        if (has(rope, "attention_factor")) {
            return finite(rope, "attention_factor");
        }
        double all = has(rope, "mscale_all_dim") ? finite(rope, "mscale_all_dim") : 0;
        double scale = has(rope, "mscale") ? finite(rope, "mscale") : 0;
        return scale != 0 && all != 0 ? magnitude(factor, scale) / magnitude(factor, all) : magnitude(factor, 1);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    /** LongRoPE (Ding et al., 2024): each pair has a divisor of its own, and another one in texts beyond the original context. */
    private static RotaryFrequencies longrope(Rope rope, int rotated, int length) {
        double[] plain = plain(rope.theta(), rotated).perPair;
        double[] within = divisors(rope, "short_factor", plain.length);
        double[] beyond = divisors(rope, "long_factor", plain.length);
        double[] divisors = length > rope.originalPositions() ? beyond : within;
        double factor = extension(rope);
        return new RotaryFrequencies(
                IntStream.range(0, plain.length)
                        .mapToDouble(i -> plain[i] / divisors[i])
                        .toArray(),
                has(rope, "attention_factor")
                        ? finite(rope, "attention_factor")
                        : factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(rope.originalPositions())));
    }

    private static double[] divisors(Rope rope, String key, int pairs) {
        JsonNode list = rope.parameter(key);
        double[] divisors = new double[list.size()];
        for (int i = 0; i < divisors.length; i++) {
            divisors[i] = list.path(i).isNumber() ? list.path(i).doubleValue() : 0;
        }
        if (!list.isArray()
                || divisors.length != pairs
                || !Arrays.stream(divisors).allMatch(d -> d > 0)) {
            throw corrupt("rope_type longrope needs %d positive numbers under '%s', one for each rotated pair of a head"
                    .formatted(pairs, key));
        }
        return divisors;
    }

    /** How many times as long the model's longest sequence is as the original one. */
    private static double extension(Rope rope) {
        return has(rope, "factor") ? number(rope, "factor") : (double) rope.positions() / rope.originalPositions();
    }

    private static double positiveOr(Rope rope, String key, double fallback) {
        return has(rope, key) ? number(rope, key) : fallback;
    }

    private static boolean has(Rope rope, String key) {
        return !rope.parameter(key).isMissingNode() && !rope.parameter(key).isNull();
    }

    private static double number(Rope rope, String key) {
        JsonNode value = rope.parameter(key);
        if (!value.isNumber() || !(value.doubleValue() > 0)) {
            throw corrupt("rope_type " + rope.type() + " needs a positive number under '" + key + "'");
        }
        return value.doubleValue();
    }

    private static double finite(Rope rope, String key) {
        JsonNode value = rope.parameter(key);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw corrupt("rope_type " + rope.type() + " needs a finite number under '" + key + "'");
        }
        return value.doubleValue();
    }

    private static EspalierException corrupt(String what) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, "config.json: " + what);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RotaryFrequencies that && Arrays.equals(perPair, that.perPair) && factor == that.factor;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(perPair);
    }
}
