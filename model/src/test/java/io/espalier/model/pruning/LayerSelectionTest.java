package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.DemoModel;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the demo model's six layers go. */
class LayerSelectionTest {
    private static final LayerScope ALL = new LayerScope(0, 6);
    private static final Map<Integer, UnitScores> SCORES = scores(0.5, 0.2, 0.3, 0.2, 0.1, 0.9);

    private static Checkpoint dense;

    @BeforeAll
    static void openTheModel() {
        dense = DemoModel.open();
    }

    @AfterAll
    static void closeTheModel() {
        dense.close();
    }

    private static Map<Integer, UnitScores> scores(double... influences) {
        return DemoScores.byLayer(Arrays.stream(influences)
                .mapToObj(influence -> new UnitScores(new double[] {influence, influence}, new double[] {influence}))
                .toList());
    }

    @ParameterizedTest
    @CsvSource({"0.17, 4", "0.33, 4", "0.34, 14", "0.5, 134", "0.99, 01234"})
    void shareOfTheLayersGoesRoundedDownTheLeastInfluentialFirst(double ratio, String gone) {
        List<Integer> removed = LayerSelection.select(new Budget.UnitRatio(ratio), ALL, SCORES, dense);

        assertThat(removed)
                .containsExactlyElementsOf(
                        gone.chars().mapToObj(Character::getNumericValue).toList());
    }

    @Test
    void onlyLayersInScopeGo() {
        List<Integer> removed = LayerSelection.select(
                new Budget.UnitRatio(0.5), new LayerScope(0, 4), scores(0.5, 0.2, 0.3, 0.2), dense);

        assertThat(removed).containsExactly(1, 3);
    }

    @Test
    void asFewLayersGoAsMeetTheSizeThatIsWritten() {
        long all = bytes(List.of());
        for (List<Integer> gone : List.of(List.of(4), List.of(1, 4), List.of(1, 2, 3, 4))) {
            long budget = bytes(gone);

            assertThat(LayerSelection.select(new Budget.Bytes(budget), ALL, SCORES, dense))
                    .isEqualTo(gone);
            assertThat(LayerSelection.select(new Budget.ParameterRatio(1 - (budget + 4.0) / all), ALL, SCORES, dense))
                    .isEqualTo(gone);
        }
    }

    /** All tensors of the demo model are of one type. */
    private static long bytes(List<Integer> removed) {
        return new LayerRemoval(dense, removed)
                .tensors().stream().mapToLong(TensorInfo::bytes).sum();
    }

    @Test
    void budgetsThatCannotBeMetNameTheirFieldBeforeAnythingIsComputed() {
        assertRefused(new Budget.UnitRatio(0.1), "unit ratio");
        assertRefused(new Budget.ParameterRatio(0.99), "parameter ratio");
        assertRefused(new Budget.Bytes(1000), "bytes");
        assertRefused(new Budget.Bytes(bytes(List.of())), "bytes");
    }

    private static void assertRefused(Budget budget, String field) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> LayerSelection.check(budget, ALL, dense))
                .contains(field);
    }

    @Test
    void scoresThatAreNoNumbersAreRefused() {
        Map<Integer, UnitScores> scores = scores(0.5, 0.2, 0.3, Double.NaN, 0.1, 0.9);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> LayerSelection.select(new Budget.UnitRatio(0.5), ALL, scores, dense))
                .contains("layer 3");
    }
}
