package io.espalier.model.transformer;

import io.espalier.base.EspalierException;
import io.espalier.model.InvalidSetting;
import io.espalier.model.LayerShape;
import io.espalier.model.Setting;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The layers {@code [first, last)} that are pruned. */
public record LayerScope(int first, int last) {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,6}):(\\d{1,6})");
    /** A model with at least this many layers is deep: its default scope skips six layers instead of two. */
    private static final int DEEP = 16;

    /**
     * Reads {@code default}, {@code all} or a half-open range such as {@code 4:30}. The default skips the first 4 and
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
            default -> range(spec, layers);
        };
    }

    private static LayerScope range(String spec, int layers) {
        Matcher range = RANGE.matcher(spec);
        if (!range.matches()) {
            throw invalid("must be \"default\", \"all\" or a half-open range such as \"4:30\"");
        }
        return checked(new LayerScope(Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2))), layers);
    }

    public boolean contains(int layer) {
        return first <= layer && layer < last;
    }

    /** The shapes of all layers, after a change to the shapes of the layers in scope. */
    public List<LayerShape> map(List<LayerShape> shapes, UnaryOperator<LayerShape> change) {
        return IntStream.range(0, shapes.size())
                .mapToObj(layer -> contains(layer) ? change.apply(shapes.get(layer)) : shapes.get(layer))
                .toList();
    }

    public int size() {
        return last - first;
    }

    private static LayerScope checked(LayerScope scope, int layers) {
        if (scope.first >= scope.last || scope.last > layers) {
            throw invalid("selects [%d, %d) of a model of %d layers; give a range inside it or \"all\""
                    .formatted(scope.first, scope.last, layers));
        }
        return scope;
    }

    private static EspalierException invalid(String what) {
        return new InvalidSetting(Setting.LAYERS, what);
    }
}
