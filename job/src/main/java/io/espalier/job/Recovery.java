package io.espalier.job;

import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import java.util.Locale;
import java.util.Optional;

/**
 * How what is left of a model is trained until it is closer to the dense one: at least one of the two ways.
 *
 * @param local of each layer on its own; empty for not at all
 * @param lora of all layers together, behind that; empty for not at all
 * @param text to learn from; empty for the calibration text
 * @param samples windows of it, at most
 * @param keepUnrecovered whether each checkpoint is kept as it was before, too
 */
public record Recovery(
        Optional<LocalTraining> local,
        Optional<LoraTraining> lora,
        Optional<JobSpec.Source> text,
        int samples,
        boolean keepUnrecovered) {
    static final String PARALLEL = "parallel";
    static final String SEQUENTIAL = "sequential";
    static final String KEEP_UNRECOVERED = "recovery.keep_unrecovered";

    public Recovery {
        if (local.isEmpty() && lora.isEmpty()) {
            throw new IllegalArgumentException("a recovery that trains nothing");
        }
    }

    /** What requests call the order in which layers learn. */
    public static String order(LocalTraining training) {
        return training.sequential() ? SEQUENTIAL : PARALLEL;
    }

    /** What requests call an objective. */
    public static String label(LoraTraining.Objective objective) {
        return objective.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The most windows that a step learns from. */
    public int batch() {
        return Math.max(
                local.map(LocalTraining::batch).orElse(0),
                lora.map(LoraTraining::batch).orElse(0));
    }

    /** Artifact folder of a checkpoint as it was before its recovery, where that is kept. */
    public static String unrecovered(String output) {
        return output + "-unrecovered";
    }
}
