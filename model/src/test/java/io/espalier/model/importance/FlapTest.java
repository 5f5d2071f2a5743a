package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class FlapTest {
    @Test
    void standardScoresUseTheDeviationOfASample() {
        // When
        double[] scores = UnitScores.zScores(new double[] {1, 2, 3, 4});

        // Then
        double deviation = Math.sqrt(5.0 / 3);
        double[] expected = {-1.5 / deviation, -0.5 / deviation, 0.5 / deviation, 1.5 / deviation};
        assertThat(scores).containsExactly(expected, Offset.offset(1e-12));
    }

    @Test
    void featuresThatFluctuateAlikeAllScoreZero() {
        // When
        double[] scores = UnitScores.zScores(new double[] {7, 7, 7});

        // Then
        assertThat(scores).containsOnly(0);
    }
}
