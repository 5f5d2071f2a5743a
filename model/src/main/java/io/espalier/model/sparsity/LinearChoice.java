package io.espalier.model.sparsity;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The linear layers of a decoder layer in which weights are removed.
 *
 * @param names {@code all}, {@code mlp}, {@code attention}, or the last parts of module names, such as
 *     {@code q_proj} or {@code self_attn.q_proj}
 */
public record LinearChoice(List<String> names) {
    public static final LinearChoice ALL = new LinearChoice(List.of("all"));
    public static final LinearChoice MLP = new LinearChoice(List.of("mlp"));
    public static final LinearChoice ATTENTION = new LinearChoice(List.of("attention"));

    public LinearChoice {
        names = List.copyOf(names);
    }

    /** @param names as in the record; an empty list stands for all linear layers */
    public static LinearChoice parse(List<String> names) {
        return names.isEmpty() ? ALL : new LinearChoice(names);
    }

    /**
     * Checks that every name matches a linear layer of the model.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} when a name matches none; the message lists the linear layers of the
     *     model
     */
    public void check(ModelLayout model) {
        for (String name : names) {
            if (model.layers().stream().allMatch(layer -> named(name, layer).isEmpty())) {
                throw new InvalidSetting(
                        Setting.LINEARS,
                        "'%s' fits no linear layer; %s has %s, or give all, mlp or attention"
                                .formatted(name, model.family(), String.join(", ", familyNames(model))));
            }
        }
    }

    private static Set<String> familyNames(ModelLayout model) {
        Set<String> names = new LinkedHashSet<>();
        for (LayerLayout layer : model.layers()) {
            layer.linears()
                    .forEach(linear ->
                            names.add(linear.module().substring(linear.module().lastIndexOf('.') + 1)));
        }
        return names;
    }

    /** The chosen linear layers of a decoder layer, in the order in which the data flows. */
    public List<Linear> of(LayerLayout layer) {
        Set<Linear> chosen = new LinkedHashSet<>();
        names.forEach(name -> chosen.addAll(named(name, layer)));
        return layer.linears().stream().filter(chosen::contains).toList();
    }

    private static List<Linear> named(String name, LayerLayout layer) {
        return switch (name) {
            case "all" -> layer.linears();
            case "mlp" -> feedForward(layer);
            case "attention" -> {
                List<Linear> rest = new ArrayList<>(layer.linears());
                rest.removeAll(feedForward(layer));
                yield rest;
            }
            default ->
                layer.linears().stream()
                        .filter(linear -> ("." + linear.module()).endsWith("." + name))
                        .toList();
        };
    }

    private static List<Linear> feedForward(LayerLayout layer) {
        List<Linear> linears = new ArrayList<>(layer.feedForward().projections());
        linears.add(layer.feedForward().down());
        return linears;
    }
}
