package io.espalier.pruner.domain;

import io.espalier.model.LayerShape;
import io.espalier.model.search.ComponentPrices;
import io.espalier.model.transformer.LayerHalf;
import java.util.List;

/** What shapes cost if the costs of their components, each taken alone, add up. */
final class PredictedPrice {
    private PredictedPrice() {}

    /**
     * @param prices of all components that may lose units
     * @param shapes one per layer; between two levels the price is taken to grow evenly
     * @return nats per predicted token
     */
    static double of(List<ComponentPrices> prices, List<LayerShape> shapes) {
        return prices.stream()
                .mapToDouble(component -> at(component, kept(component, shapes.get(component.layer()))))
                .sum();
    }

    private static int kept(ComponentPrices component, LayerShape shape) {
        return component.half() == LayerHalf.ATTENTION ? shape.attentionSteps() : shape.ffnChannels();
    }

    private static double at(ComponentPrices component, int units) {
        int[] kept = component.kept();
        double[] prices = component.prices();
        int level = 0;
        while (level < kept.length - 1 && kept[level] > units) {
            level++;
        }
        if (level == 0 || kept[level] >= units) {
            return prices[level];
        }
        double share = (double) (kept[level - 1] - units) / (kept[level - 1] - kept[level]);
        return (1 - share) * prices[level - 1] + share * prices[level];
    }
}
