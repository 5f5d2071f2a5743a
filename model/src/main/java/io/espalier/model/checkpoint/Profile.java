package io.espalier.model.checkpoint;

/** How a checkpoint says its shapes, and so where it loads. */
public enum Profile {
    /** One shape for every layer, in the family's own config: loads in stock runtimes. */
    UNIFORM("uniform"),
    /** A shape per layer in {@code per_layer_config}: read by Espalier. */
    PER_LAYER("per-layer");

    private final String wireName;

    Profile(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }
}
