package io.espalier.model.pruning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.espalier.model.importance.UnitScores;
import org.junit.jupiter.api.Test;

class UnitsTest {
    @Test
    void scoresAreEqualByContentAndCannotBeChanged() {
        double[] ffn = {1, 2};
        UnitScores scores = new UnitScores(new double[] {3}, ffn);
        ffn[0] = 9;
        scores.ffn()[1] = 9;

        assertThat(scores)
                .isEqualTo(new UnitScores(new double[] {3}, new double[] {1, 2}))
                .hasSameHashCodeAs(new UnitScores(new double[] {3}, new double[] {1, 2}))
                .isNotEqualTo(new UnitScores(new double[] {3}, new double[] {1, 3}));
    }

    @Test
    void removedUnitsAreEqualByContentAndAscend() {
        assertThat(new RemovedUnits(new int[] {0, 4}, new int[] {2}))
                .isEqualTo(new RemovedUnits(new int[] {0, 4}, new int[] {2}))
                .isNotEqualTo(new RemovedUnits(new int[] {0, 5}, new int[] {2}));
        assertThat(RemovedUnits.NONE.isEmpty()).isTrue();
        for (int[] bad : new int[][] {{1, 0}, {1, 1}, {-1}}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new RemovedUnits(bad, new int[0]))
                    .withMessageContaining("attention");
        }
    }
}
