package io.espalier.model.recovery;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;

/**
 * How each layer is trained on its own.
 *
 * @param sequential whether a layer learns behind the recovered layers before it; otherwise all layers learn behind dense
 *     ones, independently of each other
 * @param steps of the optimizer
 * @param batch windows per step
 * @param learningRate of the first step, in (0, 1); it falls linearly to 0
 */
public record LocalTraining(boolean sequential, int steps, int batch, double learningRate) {
    /** @throws InvalidSetting when a number cannot be used */
    public LocalTraining {
        if (steps < 1) {
            throw new InvalidSetting(Setting.LOCAL_STEPS, "must be at least 1");
        }
        if (batch < 1) {
            throw new InvalidSetting(Setting.LOCAL_BATCH, "must be at least 1 window");
        }
        if (!(learningRate > 0 && learningRate < 1)) {
            throw new InvalidSetting(Setting.LOCAL_LEARNING_RATE, "must be above 0 and below 1");
        }
    }
}
