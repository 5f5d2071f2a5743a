package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparsityPatternTest {
    @Test
    void consecutivePatternSaysHowManyOfHowManyGo() {
        SparsityPattern pattern = SparsityPattern.parse("3:8", 0.9);

        assertThat(pattern).isEqualTo(new SparsityPattern.NofM(3, 8));
        assertThat(pattern.group(512)).isEqualTo(8);
        assertThat(pattern.removed(8)).isEqualTo(5);
        assertThat(pattern.label()).isEqualTo("3:8");
    }

    @Test
    void unstructuredShareIsTheDecimalNumberThatWasWritten() {
        SparsityPattern pattern = SparsityPattern.parse("unstructured", 0.29);

        assertThat(pattern.group(512)).isEqualTo(512);
        assertThat(pattern.removed(100)).isEqualTo(29);
        assertThat(pattern.removed(99)).isEqualTo(28);
        assertThat(pattern.label()).isEqualTo("unstructured");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0:4", "4:4", "5:4", "2:1025", "2:4:8", "structured", "", "-1:4", "2:99999"})
    void targetThatIsNoPatternIsRefused(String target) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> SparsityPattern.parse(target, 0.5))
                .startsWith("target:");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, -0.5, 1.5, Double.NaN, Double.POSITIVE_INFINITY})
    void shareOutsideZeroAndOneIsRefused(double sparsity) {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> SparsityPattern.parse("unstructured", sparsity))
                .startsWith("sparsity:");
    }
}
