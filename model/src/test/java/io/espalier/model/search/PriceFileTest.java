package io.espalier.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.transformer.LayerHalf;
import java.util.List;
import org.junit.jupiter.api.Test;

class PriceFileTest {
    @Test
    void pricesAreReadToTheLastBitEvenThoseThatAreNoNumbers() {
        ComponentPrices written = new ComponentPrices(3, LayerHalf.FEED_FORWARD, new int[] {96, 64, 32}, new double[] {
            0, Math.nextUp(0.1), Double.POSITIVE_INFINITY
        });

        List<ComponentPrices> read = PriceFile.read(PriceFile.write(List.of(written)));

        assertThat(read).usingRecursiveComparison().isEqualTo(List.of(written));
    }
}
