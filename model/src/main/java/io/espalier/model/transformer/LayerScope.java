package io.espalier.model.transformer;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The layers that are pruned: those of {@code [first, last)} without the spared ones. What is measured layer by layer is measured
 * in all of {@code [first, last)}.
 *
 * @param spared layers between the first and the last that stay whole
 */
public record LayerScope(int first, int last, Set<Integer> spared) {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,6}):(\\d{1,6})");
    private static final Pattern INCLUSIVE = Pattern.compile("(\\d{1,6})-(\\d{1,6})");
    private static final Pattern ONE = Pattern.compile("\\d{1,6}");
    private static final String SEPARATOR = ",";
    /** A model with at least this many layers is deep: its default scope skips six layers instead of two. */
    private static final int DEEP = 16;

    public LayerScope {
        spared = Set.copyOf(spared);
    }

    /** All layers of {@code [first, last)}. */
    public LayerScope(int first, int last) {
        this(first, last, Set.of());
    }

    /**
     * Reads {@code default}, {@code all}, a half-open range such as {@code 4:30}, or a list of layers and ranges such as
     * {@code 0,2,4-10}, where {@code 4-10} is {@code 4:11}. The default skips the first 4 and
     * the last 2 layers of a deep model, else the first and the last.
     *
     * @param layers number of layers of the model
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the layers
     */
    public static LayerScope parse(String spec, int layers) {
        return switch (spec) {
            case "default" ->
                checked(layers >= DEEP ? new LayerScope(4, layers - 2) : new LayerScope(1, layers - 1), layers);
            case "all" -> new LayerScope(0, layers);
            default -> list(spec, layers);
        };
    }

    private static LayerScope list(String spec, int layers) {
        BitSet chosen = new BitSet();
        for (String entry : spec.split(SEPARATOR, -1)) {
            LayerScope range = checked(range(entry.strip()), layers);
            chosen.set(range.first, range.last);
        }
        int first = chosen.nextSetBit(0);
        int last = chosen.length();
        return new LayerScope(
                first,
                last,
                IntStream.range(first, last)
                        .filter(layer -> !chosen.get(layer))
                        .boxed()
                        .collect(Collectors.toSet()));
    }

    private static LayerScope range(String entry) {
        Matcher range = RANGE.matcher(entry);
        if (range.matches()) {
            return new LayerScope(Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2)));
        }
        Matcher inclusive = INCLUSIVE.matcher(entry);
        if (inclusive.matches()) {
            return new LayerScope(Integer.parseInt(inclusive.group(1)), Integer.parseInt(inclusive.group(2)) + 1);
        }
        if (!ONE.matcher(entry).matches()) {
            throw invalid(
                    "must be \"default\", \"all\", a half-open range such as \"4:30\" or a list such as \"0,2,4-10\"");
        }
        return new LayerScope(Integer.parseInt(entry), Integer.parseInt(entry) + 1);
    }

    public boolean contains(int layer) {
        return first <= layer && layer < last && !spared.contains(layer);
    }

    /** The layers that are pruned, ascending. */
    public List<Integer> layers() {
        return IntStream.range(first, last).filter(this::contains).boxed().toList();
    }

    /** The layers that are pruned, for people: "1 to 4", "0, 2, 4 to 10". */
    public String words() {
        List<String> ranges = new ArrayList<>();
        for (int layer = first; layer < last; layer++) {
            if (contains(layer)) {
                int from = layer;
                while (contains(layer + 1)) {
                    layer++;
                }
                ranges.add(from == layer ? String.valueOf(from) : from + " to " + layer);
            }
        }
        return String.join(", ", ranges);
    }

    /** The shapes of all layers, after a change to the shapes of the layers in scope. */
    public List<LayerShape> map(List<LayerShape> shapes, UnaryOperator<LayerShape> change) {
        return IntStream.range(0, shapes.size())
                .mapToObj(layer -> contains(layer) ? change.apply(shapes.get(layer)) : shapes.get(layer))
                .toList();
    }

    /** How many layers are pruned. */
    public int size() {
        return last - first - spared.size();
    }

    private static LayerScope checked(LayerScope scope, int layers) {
        if (scope.first >= scope.last || scope.last > layers) {
            throw invalid("selects [%d, %d) of a model of %d layers; stay inside it or say \"all\""
                    .formatted(scope.first, scope.last, layers));
        }
        return scope;
    }

    private static EspalierException invalid(String what) {
        return new InvalidSetting(Setting.LAYERS, what);
    }
}
