package io.espalier.model.importance;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * {@code a·z(element) + (1 − a)·z(vector)}. The element score is {@link Taylor.Form#FIRST} and the vector score is
 * {@link Taylor.Form#VECTORIZE}. Both are turned into z scores within each layer and kind of unit. Where a is not
 * given, the two scores are weighted by the inverse of their relative variances, so the one that varies less counts
 * more. The idea of such a blend is from HyWIA and SAAP; the formula is not.
 *
 * @param fixed a in [0, 1]; empty to compute it from the variances
 */
record Blend(OptionalDouble fixed) implements Criterion {
    private static final Criterion ELEMENT = new Taylor(Taylor.Form.FIRST);
    private static final Criterion VECTOR = new Taylor(Taylor.Form.VECTORIZE);

    Blend {
        if (fixed.isPresent() && fixed.getAsDouble() > 1) {
            throw new InvalidSetting(Setting.WEIGHT, "blend takes 0 to 1, was " + fixed.getAsDouble());
        }
    }

    @Override
    public String name() {
        return "blend";
    }

    @Override
    public boolean needsGradient() {
        return true;
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        UnitScores element = ELEMENT.score(evidence);
        UnitScores vector = VECTOR.score(evidence);
        return new UnitScores(blended(element.attention(), vector.attention()), blended(element.ffn(), vector.ffn()));
    }

    private double[] blended(double[] element, double[] vector) {
        double a = fixed.orElseGet(() -> share(relativeVariance(element), relativeVariance(vector)));
        double[] elements = UnitScores.zScores(element);
        double[] vectors = UnitScores.zScores(vector);
        double[] blended = new double[element.length];
        Arrays.setAll(blended, unit -> a * elements[unit] + (1 - a) * vectors[unit]);
        return blended;
    }

    /**
     * The weight of the first of two estimates when they are weighted by their inverse variances. It is one half when
     * both variances are 0.
     */
    private static double share(double variance, double otherVariance) {
        double both = variance + otherVariance;
        return both > 0 ? otherVariance / both : 0.5;
    }

    /** The variance divided by the squared mean. The scores must not be negative. */
    private static double relativeVariance(double[] scores) {
        double mean = Arrays.stream(scores).average().orElse(0);
        double variance = Arrays.stream(scores)
                .map(score -> (score - mean) * (score - mean))
                .average()
                .orElse(0);
        return mean > 0 ? variance / (mean * mean) : 0;
    }
}
