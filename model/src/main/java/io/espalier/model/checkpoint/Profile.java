package io.espalier.model.checkpoint;

/** How a checkpoint's config describes its shapes. This decides which runtimes can load it. */
public enum Profile {
    /** One shape for every layer, in the family's own config keys. Stock runtimes load it. */
    UNIFORM("uniform"),
    /**
     * A shape per layer in {@code per_layer_config}. transformers reads such a config, and builds the layers from it with the
     * modelling file that lies beside it.
     */
    PER_LAYER("per-layer"),
    /** A shape per layer as vLLM's DeciLMForCausalLM reads it. Espalier writes it and does not read it. */
    DECI("deci");

    private final String wireName;

    Profile(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }
}
