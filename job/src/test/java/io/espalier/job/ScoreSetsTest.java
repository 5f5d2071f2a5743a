package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.espalier.model.importance.UnitScores;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScoreSetsTest {
    private static final UnitScores TWO = new UnitScores(new double[] {2}, new double[] {2});
    private static final UnitScores TEN = new UnitScores(new double[] {10}, new double[] {10});

    @Test
    void aLayersScoresAreFoundByItsIndexWhateverOrderTheyCameIn() {
        Map<Integer, Map<String, UnitScores>> layers = new LinkedHashMap<>();
        layers.put(10, Map.of("fms", TEN));
        layers.put(2, Map.of("fms", TWO));

        Map<Integer, UnitScores> scores = new ScoreSets(layers).of("fms");

        assertThat(scores).containsExactly(Map.entry(2, TWO), Map.entry(10, TEN));
    }

    @Test
    void aSetThatALayerLacksIsNamedWithTheLayer() {
        ScoreSets scores = new ScoreSets(Map.of(3, Map.of("fms", TWO)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> scores.of("fms/noise"))
                .withMessage("layer 3 has no scores of fms/noise");
    }
}
