package io.espalier.model.transformer;

import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Rope;

/**
 * How the query and key heads of a layer are rotated by their positions.
 *
 * @param rope the config's settings
 * @param headDim D
 */
public record Rotation(Rope rope, int headDim) {
    /**
     * A rotation whose settings are checked, so that nothing fails in the middle of a text.
     *
     * @throws EspalierException as {@link RotaryFrequencies#of}
     */
    static Rotation of(Rope rope, int headDim) {
        Rotation rotation = new Rotation(rope, headDim);
        rotation.frequencies(1);
        return rotation;
    }

    /**
     * The frequencies for a text of so many tokens. They depend on nothing else: a text that grows one token at a time rotates
     * each token as one of its length so far, and keys that are cached keep their rotation.
     */
    public RotaryFrequencies frequencies(int length) {
        return RotaryFrequencies.of(rope, headDim, length);
    }
}
