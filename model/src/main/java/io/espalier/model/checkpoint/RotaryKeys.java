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
 * @param slidingTheta key of the base in layers with a sliding window, which then have settings of their own, the base 10,000
 *     among them if the config has none; null for a family whose layers all have the same settings
 */
record RotaryKeys(
        String theta,
        double defaultTheta,
        @Nullable String share,
        double defaultShare,
        String type,
        Set<String> longrope,
        @Nullable String slidingTheta) {
    static final double LOCAL_THETA = 10_000;

    private static final String THETA = "rope_theta";
    private static final String TYPE = "rope_type";
    private static final Set<String> LONGROPE = Set.of("longrope", "su");

    static final RotaryKeys USUAL = usual(10_000);
    static final RotaryKeys SMOLLM3 = usual(2_000_000);
    static final RotaryKeys GEMMA3 = new RotaryKeys(THETA, 1_000_000, null, 1, TYPE, LONGROPE, "rope_local_base_freq");
    static final RotaryKeys GPT_NEOX =
            new RotaryKeys("rotary_emb_base", 10_000, "rotary_pct", 0.25, TYPE, LONGROPE, null);

    /** Its first configs with long contexts say {@code yarn} and mean longrope. */
    static final RotaryKeys PHI3 =
            new RotaryKeys(THETA, 10_000, "partial_rotary_factor", 1, "type", Set.of("longrope", "su", "yarn"), null);

    private static RotaryKeys usual(double defaultTheta) {
        return new RotaryKeys(THETA, defaultTheta, null, 1, TYPE, LONGROPE, null);
    }
}
