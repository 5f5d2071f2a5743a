package io.espalier.model.recovery;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import java.util.List;

/**
 * How low-rank adapters are trained: y = W x + (alpha / rank) · B A x for each adapted linear layer (Hu et al., 2021).
 *
 * @param rank r; A is [r, in], B is [out, r]
 * @param linears last parts of the module names that are adapted, such as {@code q_proj}; none: all of every decoder layer
 * @param objective what the loss of a token is
 * @param steps of the optimizer
 * @param batch windows per step
 * @param learningRate reached after the warm-up, in (0, 1); it falls linearly to 0
 * @param warmUp steps in which the learning rate rises from 0
 */
public record LoraTraining(
        int rank,
        double alpha,
        List<String> linears,
        Objective objective,
        int steps,
        int batch,
        double learningRate,
        int warmUp) {
    /** What the loss of a token is. */
    public enum Objective {
        /** KL(dense ‖ pruned) of the next token. */
        DISTILL,
        /** Negative log-likelihood of the next token of the text. */
        NEXT_TOKEN
    }

    /** @throws InvalidSetting when a number cannot be used */
    public LoraTraining {
        linears = List.copyOf(linears);
        if (rank < 1) {
            throw new InvalidSetting(Setting.LORA_RANK, "must be at least 1");
        }
        if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
            throw new InvalidSetting(Setting.LORA_ALPHA, "must be above 0");
        }
        if (steps < 1) {
            throw new InvalidSetting(Setting.LORA_STEPS, "must be at least 1");
        }
        if (batch < 1) {
            throw new InvalidSetting(Setting.LORA_BATCH, "must be at least 1 window");
        }
        if (!(learningRate > 0 && learningRate < 1)) {
            throw new InvalidSetting(Setting.LORA_LEARNING_RATE, "must be above 0 and below 1");
        }
        if (warmUp < 0 || warmUp >= steps) {
            throw new InvalidSetting(Setting.LORA_WARMUP_STEPS, "must be at least 0 and less than the steps");
        }
    }

    /** What the product B A is multiplied with. */
    double scale() {
        return alpha / rank;
    }

    /**
     * The learning rate of a step: it rises from 0 in the warm-up and then falls linearly to 0.
     *
     * @param step from 1
     */
    double rate(int step) {
        return step <= warmUp
                ? learningRate * step / (warmUp + 1)
                : learningRate * (steps - step + 1) / (steps - warmUp);
    }
}
