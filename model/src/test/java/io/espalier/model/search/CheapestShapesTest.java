package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.PrunedTensors;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheapestShapesTest {
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.25, 0.5, 0.7})
    void noOtherChoiceOfLevelsWithinTheBudgetIsCheaper(double ratio) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            // Given
            PrunedTensors tensors = new PrunedTensors(checkpoint, Compensation.NONE);
            List<LayerShape> dense = checkpoint.config().layers();
            List<LayerShape> limit = new UniformAllocation(new UnitRounding(1))
                    .shapes(dense, new LayerScope(0, dense.size()), Map.of())
                    .apply(ratio);
            List<ComponentPrices> prices = prices(dense);

            // When
            List<LayerShape> chosen = CheapestShapes.of(dense, prices, limit, tensors);

            // Then
            long most = tensors.parameters(limit);
            assertThat(tensors.parameters(chosen)).isLessThanOrEqualTo(most);
            assertThat(CheapestShapes.predicted(chosen, prices))
                    .isCloseTo(cheapest(dense, prices, 0, most, tensors), within(1e-12));
        }
    }

    /** Every combination of levels. */
    private static double cheapest(
            List<LayerShape> shapes, List<ComponentPrices> prices, int component, long most, PrunedTensors tensors) {
        if (component == prices.size()) {
            return tensors.parameters(shapes) <= most ? 0 : Double.POSITIVE_INFINITY;
        }
        ComponentPrices here = prices.get(component);
        double least = Double.POSITIVE_INFINITY;
        for (int level = 0; level < here.kept().length; level++) {
            List<LayerShape> with = CheapestShapes.with(shapes, here, here.kept()[level]);
            least = Math.min(least, here.prices()[level] + cheapest(with, prices, component + 1, most, tensors));
        }
        return least;
    }

    /** Four levels of each half, at random prices that need not rise. */
    static List<ComponentPrices> prices(List<LayerShape> dense) {
        SplittableRandom random = new SplittableRandom(9);
        List<ComponentPrices> prices = new ArrayList<>();
        for (int layer = 0; layer < dense.size(); layer++) {
            for (LayerHalf half : LayerHalf.values()) {
                int all = half == LayerHalf.ATTENTION
                        ? dense.get(layer).attentionSteps()
                        : dense.get(layer).ffnChannels();
                int[] kept = {all, Math.max(1, all * 3 / 4), Math.max(1, all / 2), Math.max(1, all / 4)};
                double[] costs = {0, random.nextDouble(), random.nextDouble(), 1 + random.nextDouble()};
                prices.add(new ComponentPrices(layer, half, kept, costs));
            }
        }
        return prices;
    }
}
