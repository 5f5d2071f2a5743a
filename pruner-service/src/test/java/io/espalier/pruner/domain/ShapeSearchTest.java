package io.espalier.pruner.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeSearchTest {
    @ParameterizedTest
    @CsvSource({
        "0.3 0.1 0.2, 1, the least",
        "0.1 0.1 0.1, 0, the uniform shapes of equals",
        "0.3 0.1 0.1, 1, the first of equals",
        "NaN 0.5 NaN, 1, the only number",
        "0.5 NaN, 0, no shapes that break the model",
        "NaN NaN, 0, the uniform shapes where nothing is known",
    })
    void theCandidateOfTheLeastDivergenceIsChosen(String divergences, int chosen, String what) {
        double[] values = Stream.of(divergences.split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();

        assertThat(ShapeSearch.least(values)).as(what).isEqualTo(chosen);
    }
}
