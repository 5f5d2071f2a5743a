package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankCorrelationTest {
    @Test
    void anyRisingFunctionRanksAlike() {
        assertThat(RankCorrelation.spearman(new double[] {1, 2, 3, 4}, new double[] {1, 8, 27, 64}))
                .isCloseTo(1, within(1e-12));
    }

    @Test
    void reversedOrderIsMinusOne() {
        assertThat(RankCorrelation.spearman(new double[] {1, 2, 3}, new double[] {-1, -2, -3}))
                .isCloseTo(-1, within(1e-12));
    }

    /** Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5 over √(4.5 · 5). */
    @Test
    void equalValuesShareTheirMeanRank() {
        assertThat(RankCorrelation.spearman(new double[] {1, 2, 2, 3}, new double[] {1, 2, 3, 4}))
                .isCloseTo(4.5 / Math.sqrt(4.5 * 5), within(1e-12));
    }

    @Test
    void constantScoresRankNothing() {
        assertThat(RankCorrelation.spearman(new double[] {1, 1}, new double[] {1, 2}))
                .isNaN();
    }
}
