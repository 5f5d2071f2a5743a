package io.espalier.model.search;

import io.espalier.model.LayerShape;
import io.espalier.model.pruning.TensorsLeft;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The choice of a level for each component that has the least sum of prices among those that leave little enough, by
 * dynamic programming over the components.
 */
public final class CheapestShapes {
    /**
     * Choices that remove nearly the same number of parameters are one state from then on. Below so many states the choice
     * is exact.
     */
    private static final long STATES = 20_000;

    private CheapestShapes() {}

    /**
     * The levels of the components up to one.
     *
     * @param removed parameters
     * @param price sum of the prices
     * @param kept of the last component
     */
    private record Choice(
            long removed, double price, int kept, @Nullable Choice before) {}

    /**
     * @param dense shape of every layer
     * @param prices of all components that may lose units
     * @param limit shapes whose number of parameters must not be exceeded, which are within the levels' reach
     */
    public static List<LayerShape> of(
            List<LayerShape> dense,
            List<ComponentPrices> prices,
            List<LayerShape> limit,
            TensorsLeft<List<LayerShape>> tensors) {
        long enough = tensors.parameters(dense) - tensors.parameters(limit);
        List<Choice> choices = List.of(new Choice(0, 0, 0, null));
        for (ComponentPrices component : prices) {
            choices = best(extended(choices, component, dense, tensors), enough);
        }
        Choice chosen = choices.stream()
                .filter(choice -> choice.removed >= enough)
                .min(Comparator.comparingDouble(Choice::price))
                .orElse(null);
        return chosen == null ? limit : shapes(dense, prices, chosen);
    }

    /** What the prices of these shapes add up to; between two levels, on the line between their prices. */
    public static double predicted(List<LayerShape> shapes, List<ComponentPrices> prices) {
        return prices.stream()
                .mapToDouble(component -> component.at(HalfShape.kept(shapes.get(component.layer()), component.half())))
                .sum();
    }

    private static List<Choice> extended(
            List<Choice> choices,
            ComponentPrices component,
            List<LayerShape> dense,
            TensorsLeft<List<LayerShape>> tensors) {
        int[] kept = component.kept();
        double[] prices = component.prices();
        long all = tensors.parameters(dense);
        List<Choice> extended = new ArrayList<>();
        for (int level = 0; level < kept.length; level++) {
            long removed = all - tensors.parameters(with(dense, component, kept[level]));
            for (Choice choice : choices) {
                extended.add(new Choice(choice.removed + removed, choice.price + prices[level], kept[level], choice));
            }
        }
        return extended;
    }

    /** Keeps of each state the cheapest choice, and no choice that another one undercuts by removing more for less. */
    private static List<Choice> best(List<Choice> choices, long enough) {
        long width = Math.max(1, enough / STATES);
        List<Choice> sorted = new ArrayList<>(choices);
        sorted.sort(Comparator.comparingLong((Choice choice) -> -state(choice, enough, width))
                .thenComparingDouble(Choice::price)
                .thenComparingLong(choice -> -choice.removed));
        List<Choice> kept = new ArrayList<>();
        double cheapest = Double.POSITIVE_INFINITY;
        for (Choice choice : sorted) {
            if (choice.price < cheapest) {
                cheapest = choice.price;
                kept.add(choice);
            }
        }
        return kept;
    }

    private static long state(Choice choice, long enough, long width) {
        return choice.removed >= enough ? Long.MAX_VALUE : choice.removed / width;
    }

    private static List<LayerShape> shapes(List<LayerShape> dense, List<ComponentPrices> prices, Choice chosen) {
        List<LayerShape> shapes = dense;
        @Nullable Choice choice = chosen;
        for (int i = prices.size() - 1; i >= 0 && choice != null; i--) {
            shapes = with(shapes, prices.get(i), choice.kept);
            choice = choice.before;
        }
        return shapes;
    }

    /** Shapes of all layers with another number of attention steps or FFN channels in one component. */
    static List<LayerShape> with(List<LayerShape> shapes, ComponentPrices component, int kept) {
        List<LayerShape> changed = new ArrayList<>(shapes);
        changed.set(component.layer(), HalfShape.with(shapes.get(component.layer()), component.half(), kept));
        return changed;
    }
}
