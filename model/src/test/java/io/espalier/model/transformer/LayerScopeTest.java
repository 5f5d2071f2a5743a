package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerScopeTest {
    @ParameterizedTest
    @CsvSource({
        "default, 32, 4, 30", "default, 16, 4, 14", "default, 15, 1, 14", "default, 3, 1, 2",
        "all, 1, 0, 1", "all, 32, 0, 32", "4:30, 32, 4, 30", "0:6, 6, 0, 6"
    })
    void readsARange(String spec, int layers, int first, int last) {
        assertThat(LayerScope.parse(spec, layers)).isEqualTo(new LayerScope(first, last));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0,2,4-10      | 0, 2, 4 to 10",
                "4:7, 8        | 4 to 6, 8",
                "5,5,4         | 4 to 5",
                "11            | 11",
                "1-3,2:6       | 1 to 5",
            })
    void aListHasGaps(String spec, String words) {
        LayerScope scope = LayerScope.parse(spec, 12);

        assertThat(scope.words()).isEqualTo(words);
        assertThat(scope.layers()).hasSize(scope.size()).allMatch(scope::contains);
        assertThat(scope.spared()).noneMatch(scope::contains);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0,,2 | 6", "0,6 | 6", "3-1 | 6", "0,all | 6", ", | 6", "1;2 | 6", "0--1 | 6"})
    void refusesAListWithAnythingElse(String spec, int layers) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> LayerScope.parse(spec, layers))
                .startsWith("layers: ");
    }

    @ParameterizedTest
    @CsvSource({"default, 2", "0:7, 6", "3:3, 6", "4:2, 6", "-1:3, 6", "1:, 6", "some, 6", "'', 6", "0:9999999999, 6"})
    void refusesARangeOutsideTheModel(String spec, int layers) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> LayerScope.parse(spec, layers))
                .startsWith("layers: ");
    }

    @Test
    void isHalfOpen() {
        LayerScope scope = new LayerScope(2, 4);

        assertThat(scope.contains(1)).isFalse();
        assertThat(scope.contains(2)).isTrue();
        assertThat(scope.contains(4)).isFalse();
        assertThat(scope.size()).isEqualTo(2);
    }
}
