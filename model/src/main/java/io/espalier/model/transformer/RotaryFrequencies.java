package io.espalier.model.transformer;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Rope;
import io.espalier.model.file.Quoted;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The frequencies of rotary position embeddings (RoFormer, section 3.2), after the config's scaling.
 *
 * @param perPair radians per position of each rotated pair of a head, [D/2]
 */
public record RotaryFrequencies(double[] perPair) {
    /** The frequencies of heads that are not rotated: none. */
    public static final RotaryFrequencies NONE = new RotaryFrequencies(new double[0]);

    public RotaryFrequencies {
        perPair = perPair.clone();
    }

    @Override
    public double[] perPair() {
        return perPair.clone();
    }

    /**
     * The frequencies that a config describes: {@code theta^(−2i/D)} for pair i, then scaled.
     *
     * @param headDim D, even
     * @throws EspalierException {@code MODEL_UNSUPPORTED} for an unknown type of scaling; {@code MODEL_CORRUPT} when D
     *     is odd or a number of the scaling is missing
     */
    public static RotaryFrequencies of(Rope rope, int headDim) {
        if (headDim % 2 != 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "config.json: head_dim " + headDim + " is odd; rotary positions need pairs");
        }
        double[] plain = IntStream.range(0, headDim / 2)
                .mapToDouble(i -> Math.pow(rope.theta(), -2.0 * i / headDim))
                .toArray();
        return switch (rope.type()) {
            case "default" -> new RotaryFrequencies(plain);
            case "linear" -> {
                double factor = number(rope, "factor");
                yield new RotaryFrequencies(
                        Arrays.stream(plain).map(f -> f / factor).toArray());
            }
            case "llama3" -> new RotaryFrequencies(llama3(rope, plain));
            default ->
                throw new EspalierException(
                        ErrorCode.MODEL_UNSUPPORTED,
                        "config.json: rope_type " + Quoted.of(rope.type()) + "; supported are default, linear, llama3");
        };
    }

    /**
     * Llama 3.1's scaling (released code): low frequencies are divided by the factor, high ones are kept, and those
     * between are interpolated.
     */
    private static double[] llama3(Rope rope, double[] plain) {
        double factor = number(rope, "factor");
        double low = number(rope, "low_freq_factor");
        double high = number(rope, "high_freq_factor");
        double original = number(rope, "original_max_position_embeddings");
        return Arrays.stream(plain)
                .map(f -> {
                    double turns = original * f / (2 * Math.PI);
                    double blend = Math.min(1, Math.max(0, (turns - low) / (high - low)));
                    return (1 - blend) * f / factor + blend * f;
                })
                .toArray();
    }

    private static double number(Rope rope, String key) {
        JsonNode value = rope.parameter(key);
        if (!value.isNumber() || !(value.doubleValue() > 0)) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "config.json: rope_type " + rope.type() + " needs a positive number under '" + key + "'");
        }
        return value.doubleValue();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RotaryFrequencies that && Arrays.equals(perPair, that.perPair);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(perPair);
    }
}
