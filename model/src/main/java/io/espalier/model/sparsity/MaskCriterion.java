package io.espalier.model.sparsity;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A rule that says which single weights of a layer become zero. Rules of other jars are found by
 * {@link java.util.ServiceLoader}: they are named in {@code META-INF/services/io.espalier.model.sparsity.MaskCriterion}.
 */
public interface MaskCriterion {
    /** Names of the rules that measure each layer behind the layers already pruned. */
    List<String> SEQUENTIAL = List.of(DassMasks.NAME, SparseGptPass.NAME);

    /** As requests name it. */
    String name();

    /** Whether it looks at what enters the linear layers. */
    default boolean needsActivations() {
        return false;
    }

    /** Whether it looks at the squared gradients of each sample, which {@code Backprop} gives with {@code squares}. */
    default boolean needsBackprop() {
        return false;
    }

    /** The linear layers of a request that names none. */
    default LinearChoice usualLinears() {
        return LinearChoice.ALL;
    }

    /**
     * Checks, before anything is computed, that this rule can prune that part of that model.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the criterion, the target or
     *     the linear layers
     */
    default void check(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        requireInputsDivided(model, pattern, linears);
    }

    /** The linear layers exist, and groups along their input features fill every row. */
    static void requireInputsDivided(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        linears.check(model);
        for (LayerLayout layer : model.layers()) {
            linears.of(layer).forEach(linear -> requireInputsDivided(linear, pattern));
        }
    }

    /** Groups along the input features fill every row. */
    static void requireInputsDivided(Linear linear, SparsityPattern pattern) {
        pattern.requireDivides(
                linear.inputs(),
                "%s has %d input features".formatted(linear.weight().name(), linear.inputs()));
    }

    /** @return bool [out, in] in {@code scope}, true where a weight is kept */
    Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope);

    /** Masks of the chosen ones among the linear layers that are looked at, in the order the data flows. */
    default Map<Linear, Mask> masks(LayerEvidence evidence, SparsityPattern pattern, LinearChoice linears) {
        Map<Linear, Mask> masks = new LinkedHashMap<>();
        List<Linear> chosen = linears.of(evidence.layout());
        for (Linear linear :
                evidence.linears().stream().filter(chosen::contains).toList()) {
            try (Scope scope = Scope.open()) {
                masks.put(linear, Mask.of(kept(linear, evidence, pattern, scope), scope));
            }
        }
        return masks;
    }

    /**
     * Whether weights are chosen while the layers behind are already pruned: by {@link DassPass}, or by the pruner.
     *
     * @param name of a rule, as requests name it
     */
    static boolean isSequential(String name) {
        return SEQUENTIAL.contains(name);
    }

    /**
     * Whether the pruner chooses the weights as it updates the others, so that no masks exist before: {@link SparseGptPass}.
     *
     * @param name of a rule, as requests name it
     */
    static boolean chosenByPruner(String name) {
        return name.equals(SparseGptPass.NAME);
    }

    /** Every rule that is known. */
    static List<MaskCriterion> all() {
        return KnownMaskCriteria.ALL;
    }

    /** The linear layers of a request that names none, whatever chooses the weights. */
    static LinearChoice usualLinears(String name) {
        return all().stream()
                .filter(criterion -> criterion.name().equals(name))
                .map(MaskCriterion::usualLinears)
                .findFirst()
                .orElse(LinearChoice.ALL);
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming the criterion and the known ones */
    static MaskCriterion named(String name) {
        return all().stream()
                .filter(criterion -> criterion.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new InvalidSetting(
                        Setting.CRITERION,
                        "'%s' chooses no single weights; known are %s"
                                .formatted(
                                        name,
                                        String.join(
                                                ", ",
                                                all().stream()
                                                        .map(MaskCriterion::name)
                                                        .toList()))));
    }
}
