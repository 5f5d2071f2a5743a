package io.espalier.model.importance;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.OptionalDouble;

/**
 * Options of criteria that can be computed in several ways.
 *
 * @param magnitudeP the exponent of the weights in the magnitude criterion: 1 or 2
 * @param form the form of a criterion that has several, such as {@code taylor} and {@code fms}; empty for the default
 *     one
 * @param weight the weight a in {@code blend} and in the additive form of {@code fms}; empty for the default one
 */
public record CriterionOptions(int magnitudeP, String form, OptionalDouble weight) {
    public CriterionOptions {
        if (magnitudeP != 1 && magnitudeP != 2) {
            throw new InvalidSetting(Setting.MAGNITUDE_P, "must be 1 or 2, was " + magnitudeP);
        }
        if (weight.isPresent() && !(weight.getAsDouble() >= 0 && Double.isFinite(weight.getAsDouble()))) {
            throw new InvalidSetting(Setting.WEIGHT, "must be at least 0, was " + weight.getAsDouble());
        }
    }

    public static CriterionOptions usual() {
        return new CriterionOptions(1, "", OptionalDouble.empty());
    }

    public CriterionOptions withForm(String otherForm) {
        return new CriterionOptions(magnitudeP, otherForm, weight);
    }

    public CriterionOptions withWeight(double otherWeight) {
        return new CriterionOptions(magnitudeP, form, OptionalDouble.of(otherWeight));
    }
}
