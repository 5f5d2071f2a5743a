package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/** Cosines and sines of the rotary angles of some consecutive positions, [t, D/2] each. */
final class Rotary {
    private final Tensor cosines;
    private final Tensor sines;

    private Rotary(Tensor cosines, Tensor sines) {
        this.cosines = cosines;
        this.sines = sines;
    }

    /** @param first position of the first row */
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

    /** @param heads [b, heads, t, D] */
    Tensor apply(Tensor heads, Scope scope) {
        return cosines.elements() == 0 ? heads : new Kernels(scope).rotate(heads, cosines, sines);
    }
}
