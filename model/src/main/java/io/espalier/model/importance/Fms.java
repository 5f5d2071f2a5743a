package io.espalier.model.importance;

import io.espalier.model.Seeds;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Linear;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/**
 * Feature-map sensitivity (MINI-LLM). It combines the weight's magnitude, its input's activation norm n and the
 * estimated gradient Ĝ into one score S per weight, summed over the unit. Its controls replace the gradient by a
 * constant or by noise. Where a control ranks the units alike, the gradient did not matter.
 *
 * @param weight the weight a in the additive form
 */
record Fms(Gradient gradient, Form form, double weight) implements Criterion {
    /** The factor by which GBLM-Pruner scales gradients. */
    private static final double USUAL_WEIGHT = 100;

    /** What the formula uses as Ĝ, and as r in the output form. */
    enum Gradient {
        /** Ĝ and r come from the job's gradient source. */
        ESTIMATED,
        /** Control: Ĝ = 1 and r = 1. */
        NONE,
        /** Control: Ĝ ~ N(0, 1), and r is uniform in [0, 1). */
        NOISE
    }

    /** The formula of the score S. */
    enum Form {
        /** {@code |W_ij|·n̂_j·|Ĝ_ij|} with {@code n̂ = n / mean(n)} within a matrix. */
        PRODUCT,
        /** {@code |W_ij·Ĝ_ij|·n̂_j}, the first Taylor term times the activation norm. It equals {@link #PRODUCT}. */
        TAYLOR,
        /** {@code |W_ij|·(n_j + a·|Ĝ_ij|)}. */
        ADDITIVE,
        /** {@code |W_ij|·n_j·r_i} with {@code r_i = ‖dL/dY_i‖₂} over all calibration tokens. */
        OUTPUT
    }

    static Fms of(CriterionOptions options) {
        return new Fms(
                Gradient.ESTIMATED,
                KnownCriteria.form(Form.class, options),
                options.weight().orElse(USUAL_WEIGHT));
    }

    @Override
    public String name() {
        return gradient == Gradient.ESTIMATED ? "fms" : "fms/" + gradient.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public boolean needsGradient() {
        return gradient == Gradient.ESTIMATED;
    }

    @Override
    public boolean needsBackprop() {
        return needsGradient() && form == Form.OUTPUT;
    }

    @Override
    public List<Criterion> controls() {
        return gradient == Gradient.ESTIMATED
                ? List.of(new Fms(Gradient.NONE, form, weight), new Fms(Gradient.NOISE, form, weight))
                : List.of();
    }

    @Override
    public UnitScores score(LayerEvidence evidence) {
        return UnitSums.over(evidence.layout(), evidence.linears(), linear -> sums(linear, evidence));
    }

    private double[] sums(Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            return switch (form) {
                case PRODUCT, TAYLOR -> product(linear, evidence, scope);
                case ADDITIVE -> additive(linear, evidence, scope);
                case OUTPUT -> output(linear, evidence, scope);
            };
        }
    }

    private double[] product(Linear linear, LayerEvidence evidence, Scope scope) {
        ImportanceKernels kernels = new ImportanceKernels(scope);
        double[] relative = relativeNorms(evidence.inputs(linear).norms());
        Tensor n = scope.floats(WandaSp.narrowed(relative), relative.length);
        return gradient == Gradient.NONE
                ? kernels.scaledMagnitudeSums(evidence.weight(linear), n)
                : kernels.gradientProductSums(evidence.weight(linear), n, gradient(linear, evidence, scope));
    }

    private double[] additive(Linear linear, LayerEvidence evidence, Scope scope) {
        ImportanceKernels kernels = new ImportanceKernels(scope);
        double[] n = evidence.inputs(linear).norms();
        if (gradient == Gradient.NONE) {
            double[] shifted = Arrays.stream(n).map(norm -> norm + weight).toArray();
            return kernels.scaledMagnitudeSums(
                    evidence.weight(linear), scope.floats(WandaSp.narrowed(shifted), shifted.length));
        }
        return kernels.additiveSums(
                evidence.weight(linear), evidence.norms(linear, scope), gradient(linear, evidence, scope), weight);
    }

    private double[] output(Linear linear, LayerEvidence evidence, Scope scope) {
        double[] r =
                switch (gradient) {
                    case ESTIMATED -> evidence.outputNorms(linear);
                    case NONE ->
                        DoubleStream.generate(() -> 1).limit(linear.outputs()).toArray();
                    case NOISE ->
                        new SplittableRandom(Seeds.of(evidence.seed(), "noise/" + linear.module()))
                                .doubles(linear.outputs())
                                .toArray();
                };
        return new ImportanceKernels(scope)
                .twoSidedSums(
                        evidence.weight(linear),
                        evidence.norms(linear, scope),
                        scope.floats(WandaSp.narrowed(r), r.length));
    }

    private Tensor gradient(Linear linear, LayerEvidence evidence, Scope scope) {
        return gradient == Gradient.NOISE
                ? ZerothOrder.noise(evidence.seed()).gradient(linear, scope)
                : evidence.gradient(linear, scope);
    }

    /**
     * n̂ = n / mean(n): [in]. It is all zero when every input of the matrix was zero, which happens with dead channels.
     */
    private static double[] relativeNorms(double[] norms) {
        double mean = Arrays.stream(norms).average().orElse(0);
        return Arrays.stream(norms).map(n -> mean == 0 ? 0 : n / mean).toArray();
    }
}
