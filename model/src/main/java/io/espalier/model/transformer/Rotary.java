package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The cosines and sines of the rotary angles of t consecutive positions, times the factor of the scaling, [t, pairs] each.
 */
final class Rotary {
    /** No rotation. */
    private static final Rotary NONE = new Rotary(null, null);

    private final @Nullable Tensor cosines;
    private final @Nullable Tensor sines;

    private Rotary(@Nullable Tensor cosines, @Nullable Tensor sines) {
        this.cosines = cosines;
        this.sines = sines;
    }

    /** The angles of all layers of a model at the same positions. Layers with the same rotation share them. */
    static final class Table {
        private final int first;
        private final int length;
        private final Scope scope;
        private final Map<Rotation, Rotary> known = new HashMap<>();

        /**
         * @param first the first position
         * @param length number of positions t
         */
        Table(int first, int length, Scope scope) {
            this.first = first;
            this.length = length;
            this.scope = scope;
        }

        Rotary of(LayerLayout layer) {
            Rotation rotation = layer.attention().rotation();
            return rotation == null
                    ? NONE
                    : known.computeIfAbsent(rotation, absent -> Rotary.of(rotation, first, length, scope));
        }
    }

    /**
     * @param rotation null for heads that are not rotated
     * @param first the first position
     * @param length number of positions t
     */
    static Rotary of(@Nullable Rotation rotation, int first, int length, Scope scope) {
        if (rotation == null) {
            return NONE;
        }
        RotaryFrequencies frequencies = rotation.frequencies(first + length);
        double[] angular = frequencies.perPair();
        int half = angular.length;
        float[] cosines = new float[length * half];
        float[] sines = new float[cosines.length];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < half; i++) {
                double angle = (first + t) * angular[i];
                cosines[t * half + i] = (float) (Math.cos(angle) * frequencies.factor());
                sines[t * half + i] = (float) (Math.sin(angle) * frequencies.factor());
            }
        }
        return new Rotary(scope.floats(cosines, length, half), scope.floats(sines, length, half));
    }

    /** Rotates the heads [b, heads, t, D]; returns them unchanged where nothing is rotated. */
    Tensor apply(Tensor heads, Scope scope) {
        return cosines == null || sines == null || cosines.elements() == 0
                ? heads
                : new Kernels(scope).rotate(heads, cosines, sines);
    }
}
