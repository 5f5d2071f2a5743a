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
 * A rule that chooses which single weights of a layer are set to zero. Another jar adds a rule by naming its class in
 * {@code META-INF/services/io.espalier.model.sparsity.MaskCriterion}, where {@link java.util.ServiceLoader} finds it.
 */
public interface MaskCriterion {
    /** Names of the rules that measure the inputs of a layer after the layers before it have been pruned. */
    List<String> SEQUENTIAL = List.of(DassMasks.NAME, SparseGptPass.NAME);

    /** The name of this rule in requests. */
    String name();

    /** Whether this rule needs statistics of the inputs of the linear layers. */
    default boolean needsActivations() {
        return false;
    }

    /** Whether this rule needs the squared gradients of each sample, which {@code Backprop} computes with {@code squares}. */
    default boolean needsBackprop() {
        return false;
    }

    /** The linear layers that this rule prunes when a request names none. */
    default LinearChoice usualLinears() {
        return LinearChoice.ALL;
    }

    /**
     * Checks before any computation that this rule can prune these linear layers of this model.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the criterion, the target or
     *     the linear layers
     */
    default void check(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        requireInputsDivided(model, pattern, linears);
    }

    /**
     * Checks that the linear layers exist and that each has a number of input features that N:M groups divide.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the linear layers or the target
     */
    static void requireInputsDivided(ModelLayout model, SparsityPattern pattern, LinearChoice linears) {
        linears.check(model);
        for (LayerLayout layer : model.layers()) {
            linears.of(layer).forEach(linear -> requireInputsDivided(linear, pattern));
        }
    }

    /**
     * Checks that N:M groups divide the number of input features.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the target and the tensor
     */
    static void requireInputsDivided(Linear linear, SparsityPattern pattern) {
        pattern.requireDivides(
                linear.inputs(),
                "%s has %d input features".formatted(linear.weight().name(), linear.inputs()));
    }

    /**
     * Chooses the weights of one linear layer.
     *
     * @param evidence weights of the layer and the measurements that this rule asks for
     * @param scope the scope that owns the result
     * @return bool [out, in], true where a weight is kept
     */
    Tensor kept(Linear linear, LayerEvidence evidence, SparsityPattern pattern, Scope scope);

    /** The masks of the chosen linear layers that the evidence contains, in the order in which the data flows. */
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
     * Whether a rule chooses the weights of a layer after the layers before it have been pruned.
     *
     * @param name the name of the rule in requests
     */
    static boolean isSequential(String name) {
        return SEQUENTIAL.contains(name);
    }

    /**
     * Whether the pruner chooses the weights itself while it updates the kept ones, as in {@link SparseGptPass}. Such a rule has
     * no masks before the pruner runs.
     *
     * @param name the name of the rule in requests
     */
    static boolean chosenByPruner(String name) {
        return name.equals(SparseGptPass.NAME);
    }

    /** All rules of this library and of other jars, without SparseGPT, which is a pass of the pruner. */
    static List<MaskCriterion> all() {
        return KnownMaskCriteria.ALL;
    }

    /** The linear layers that the rule of this name, or SparseGPT, prunes when a request names none. */
    static LinearChoice usualLinears(String name) {
        return all().stream()
                .filter(criterion -> criterion.name().equals(name))
                .map(MaskCriterion::usualLinears)
                .findFirst()
                .orElse(LinearChoice.ALL);
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} when no rule has this name; the message lists the known names */
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
