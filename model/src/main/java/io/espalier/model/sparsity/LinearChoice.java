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
 * Which linear layers of a decoder layer lose weights.
 *
 * @param names {@code all}, {@code mlp}, {@code attention}, or the ends of module names at a dot
 */
public record LinearChoice(List<String> names) {
    public static final LinearChoice ALL = new LinearChoice(List.of("all"));
    public static final LinearChoice MLP = new LinearChoice(List.of("mlp"));
    public static final LinearChoice ATTENTION = new LinearChoice(List.of("attention"));

    public LinearChoice {
        names = List.copyOf(names);
    }

    /** @param names none means all */
    public static LinearChoice parse(List<String> names) {
        return names.isEmpty() ? ALL : new LinearChoice(names);
    }

    /**
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the linear layers and what the family calls its
     *     linear layers, when a name fits none of them
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

    /** The chosen ones, in the order the data flows. */
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
