package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;

/** Cosines and sines of the rotary angles of some consecutive positions, [t, D] each. */
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
        float[] cosines = new float[length * 2 * half];
        float[] sines = new float[cosines.length];
        for (int t = 0; t < length; t++) {
            for (int i = 0; i < 2 * half; i++) {
                double angle = (first + t) * angular[i % half];
                cosines[t * 2 * half + i] = (float) Math.cos(angle);
                sines[t * 2 * half + i] = (float) Math.sin(angle);
            }
        }
        return new Rotary(scope.floats(cosines, length, 2L * half), scope.floats(sines, length, 2L * half));
    }

    /** @param heads [b, heads, t, D] */
    Tensor apply(Tensor heads, Scope scope) {
        return cosines.elements() == 0 ? heads : new Kernels(scope).rotate(heads, cosines, sines);
    }
}
