package io.espalier.model.sparsity;

import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SparsityKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.Axis;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Dependency-aware masks of a gated MLP (DaSS). Let u be the sums of squares of the inputs of the down projection, [f], one
 * for each FFN channel. A weight {@code W_ij} of the gate or up projection scores {@code |W_ij|·(√u_i)^0.5} and is compared
 * with other weights of its column. A weight of the down projection scores {@code |W_ij|·√u_j} and is compared with other weights
 * of its row. All three masks depend on the same u, so an FFN channel with small inputs loses weights in all three matrices.
 */
record DassMasks() implements MaskCriterion {
    static final String NAME = "dass";
    private static final double ALPHA = 0.5;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean needsActivations() {
        return true;
    }

    @Override
    public LinearChoice usualLinears() {
        return LinearChoice.MLP;
    }

    @Override
    public void check(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        linears.check(model);
        for (LayerLayout layer : model.layers()) {
            if (!layer.feedForward().gated()) {
                throw new InvalidSetting(
                        Setting.CRITERION,
                        "dass needs a gated MLP, which %s has not; use wanda".formatted(model.family()));
            }
            for (Linear linear : linears.of(layer)) {
                check(linear, layer, pattern);
            }
        }
    }

    private static void check(Linear linear, LayerLayout layer, SparsityPattern pattern) {
        if (linear.equals(layer.feedForward().down())) {
            MaskCriterion.requireInputsDivided(linear, pattern);
        } else if (layer.feedForward().projections().contains(linear)) {
            for (Axis.Run part : linear.weight().rows().runs()) {
                pattern.requireDivides(
                        part.length(),
                        "%s has %d FFN channels as output features"
                                .formatted(linear.weight().name(), part.length()));
            }
        } else {
            throw new InvalidSetting(
                    Setting.LINEARS,
                    "dass leaves the attention dense, so not %s; give mlp or some of its linear layers"
                            .formatted(linear.module()));
        }
    }

    @Override
    public Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope) {
        Linear down = evidence.layout().feedForward().down();
        double[] norms = evidence.inputs(down).norms();
        if (linear.equals(down)) {
            int group = pattern.group(linear.inputs());
            return new SparsityKernels(scope)
                    .keptInRows(evidence.weight(linear), scope.doubles(norms), group, pattern.removed(group));
        }
        Tensor factors = scope.doubles(
                Arrays.stream(norms).map(norm -> Math.pow(norm, ALPHA)).toArray());
        return keptInColumns(linear, evidence.weight(linear), factors, pattern, scope);
    }

    /** Where gate and up are stacked in one matrix, the weights of each are compared only among themselves. */
    private static Tensor keptInColumns(
            Linear linear, Tensor weight, Tensor factors, SparsityPattern pattern, Scope scope) {
        List<Tensor> parts = new ArrayList<>();
        Kernels kernels = new Kernels(scope);
        int start = 0;
        for (Axis.Run part : linear.weight().rows().runs()) {
            int group = pattern.group(part.length());
            Tensor rows = kernels.narrow(weight, 0, start, part.length());
            parts.add(new SparsityKernels(scope).keptInColumns(rows, factors, group, pattern.removed(group)));
            start += part.length();
        }
        return parts.size() == 1 ? parts.get(0) : kernels.concatenate(parts, 0);
    }
}
