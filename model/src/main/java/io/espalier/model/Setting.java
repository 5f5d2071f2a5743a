package io.espalier.model;

import java.util.Locale;

/** What whoever calls the mathematics chooses, and what it may refuse. What a user calls each is not known here. */
public enum Setting {
    UNIT_RATIO,
    PARAMETER_RATIO,
    BYTES,
    ATTENTION_UNIT,
    ATTENTION_ROUND_TO,
    ROUND_TO,
    ALLOCATION,
    COMPENSATION,
    SELECTION,
    LAYERS,
    TARGET,
    SPARSITY,
    LINEARS,
    CRITERION,
    FORM,
    WEIGHT,
    MAGNITUDE_P,
    GRADIENT_SOURCE,
    DISTRIBUTION,
    EPSILON,
    DRAWS,
    EVALUATION_TEXT,
    EVALUATION_RUNTIME,
    COMPUTE_TYPE,
    RUNTIME,
    GGUF,
    RECOVERY_WINDOWS,
    LOCAL_STEPS,
    LOCAL_BATCH,
    LOCAL_LEARNING_RATE,
    LORA_RANK,
    LORA_ALPHA,
    LORA_LINEARS,
    LORA_STEPS,
    LORA_BATCH,
    LORA_LEARNING_RATE,
    LORA_WARMUP_STEPS,
    MEMORY_BUDGET;

    /** For people: "unit ratio". */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
