package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/** The cosines and sines of the rotary angles of t consecutive positions, [t, D/2] each. */
final class Rotary {
    private final Tensor cosines;
    private final Tensor sines;

    private Rotary(Tensor cosines, Tensor sines) {
        this.cosines = cosines;
        this.sines = sines;
    }

    /** The angles of all layers of a model at the same positions. Layers with the same frequencies share them. */
    static final class Table {
        private final int first;
        private final int length;
        private final Scope scope;
        private final Map<RotaryFrequencies, Rotary> known = new HashMap<>();

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
            return known.computeIfAbsent(
                    layer.attention().frequencies(), frequencies -> Rotary.of(frequencies, first, length, scope));
        }
    }

    /**
     * @param first the first position
     * @param length number of positions t
     */
    static Rotary of(RotaryFrequencies frequencies, int first, int length, Scope scope) {
        double[] angular = frequencies.perPair();
        int half = angular.length;
        float[] cosines = new float[length * half];
        float[] sines = new float[cosines.length];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < half; i++) {
                double angle = (first + t) * angular[i];
                cosines[t * half + i] = (float) Math.cos(angle);
                sines[t * half + i] = (float) Math.sin(angle);
            }
        }
        return new Rotary(scope.floats(cosines, length, half), scope.floats(sines, length, half));
    }

    /** Rotates the heads [b, heads, t, D]; returns them unchanged without rotary frequencies. */
    Tensor apply(Tensor heads, Scope scope) {
        return cosines.elements() == 0 ? heads : new Kernels(scope).rotate(heads, cosines, sines);
    }
}
