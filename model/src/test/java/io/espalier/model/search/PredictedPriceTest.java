package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.LayerShape;
import io.espalier.model.transformer.LayerHalf;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictedPriceTest {
    private static final List<ComponentPrices> PRICES = List.of(
            new ComponentPrices(0, LayerHalf.ATTENTION, new int[] {4, 2, 1}, new double[] {0, 2, 8}),
            new ComponentPrices(0, LayerHalf.FEED_FORWARD, new int[] {64, 32}, new double[] {0, 100}));

    @ParameterizedTest
    @CsvSource({
        "4, 64, 0, nothing is cut",
        "2, 64, 2, a level of one half",
        "1, 32, 108, levels of both halves",
        "3, 64, 1, half way between two levels",
        "4, 48, 50, half way between two levels of the other half",
        "4, 16, 100, less than the last level",
    })
    void thePricesOfBothHalvesAddUp(int heads, int channels, double expected, String why) {
        LayerShape shape = new LayerShape(heads, heads, 8, channels);

        double price = CheapestShapes.predicted(List.of(shape), PRICES);

        assertThat(price).as(why).isEqualTo(expected);
    }
}
