package io.espalier.model.checkpoint;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a family spells rotary position embeddings where transformers 5 does not have the same keys for all: at the top of the
 * config, as transformers 4 reads it, and in the names of scaling types.
 *
 * @param theta key of the base of the frequencies
 * @param defaultTheta the base if the config has none
 * @param share key of the part of each head that is rotated; null for a family that always rotates whole heads
 * @param defaultShare that part if the config does not say it
 * @param type key of the scaling type in {@code rope_scaling} that every version of transformers reads
 * @param longrope what the scaling type {@code longrope} is called, now and in earlier configs
 */
record RotaryKeys(
        String theta,
        double defaultTheta,
        @Nullable String share,
        double defaultShare,
        String type,
        Set<String> longrope) {
    static final RotaryKeys USUAL =
            new RotaryKeys("rope_theta", 10_000, null, 1, "rope_type", Set.of("longrope", "su"));

    /** Its first configs with long contexts say {@code yarn} and mean longrope. */
    static final RotaryKeys PHI3 =
            new RotaryKeys("rope_theta", 10_000, "partial_rotary_factor", 1, "type", Set.of("longrope", "su", "yarn"));
}
