package io.espalier.model.search;

import io.espalier.model.LayerShape;
import io.espalier.model.pruning.TensorsLeft;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Random neighbours of a choice of levels, for an evolutionary search (as in EvoPress and Týr-the-Pruner): one to three
 * components keep a level more, others a level fewer until the budget holds again, and what is then left of the budget is
 * given back. It shows what such a search is worth; no job uses it.
 */
final class Offspring {
    private static final int MOST_CHANGES = 3;

    private final List<ComponentPrices> components;
    private final long most;
    private final TensorsLeft<List<LayerShape>> tensors;

    /**
     * @param components say which levels there are; their prices do not matter
     * @param limit shapes whose number of parameters must not be exceeded
     */
    Offspring(List<ComponentPrices> components, List<LayerShape> limit, TensorsLeft<List<LayerShape>> tensors) {
        this.components = List.copyOf(components);
        this.most = tensors.parameters(limit);
        this.tensors = tensors;
    }

    /**
     * @param parent shapes of all layers, within the budget
     * @return {@code count} shapes of all layers, each within the budget; some may be alike
     */
    List<List<LayerShape>> of(List<LayerShape> parent, int count, long seed) {
        Random random = new Random(seed);
        List<List<LayerShape>> offspring = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            offspring.add(neighbour(parent, random));
        }
        return offspring;
    }

    private List<LayerShape> neighbour(List<LayerShape> parent, Random random) {
        List<LayerShape> shapes = parent;
        int changes = 1 + Math.min(random.nextInt(MOST_CHANGES), random.nextInt(MOST_CHANGES));
        for (ComponentPrices grown : shuffled(random).subList(0, Math.min(changes, components.size()))) {
            shapes = moved(shapes, grown, true);
        }
        while (tensors.parameters(shapes) > most) {
            List<LayerShape> before = shapes;
            for (ComponentPrices shrunk : shuffled(random)) {
                if (tensors.parameters(shapes) > most) {
                    shapes = moved(shapes, shrunk, false);
                }
            }
            if (shapes.equals(before)) {
                return parent;
            }
        }
        for (ComponentPrices grown : shuffled(random)) {
            List<LayerShape> larger = moved(shapes, grown, true);
            shapes = tensors.parameters(larger) <= most ? larger : shapes;
        }
        return shapes;
    }

    private List<ComponentPrices> shuffled(Random random) {
        List<ComponentPrices> shuffled = new ArrayList<>(components);
        Collections.shuffle(shuffled, random);
        return shuffled;
    }

    /** The shapes with the next level of one component, above or below what it keeps; the same where there is none. */
    private static List<LayerShape> moved(List<LayerShape> shapes, ComponentPrices component, boolean up) {
        LayerShape shape = shapes.get(component.layer());
        int now = HalfShape.kept(shape, component.half());
        int[] kept = component.kept();
        for (int i = 0; i < kept.length; i++) {
            // Levels descend: the next one above is the last that is larger, the next one below the first that is
            // smaller.
            int level = up ? kept[kept.length - 1 - i] : kept[i];
            if (up ? level > now : level < now) {
                return CheapestShapes.with(shapes, component, level);
            }
        }
        return shapes;
    }
}
