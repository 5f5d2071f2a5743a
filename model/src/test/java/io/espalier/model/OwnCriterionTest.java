package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.CriterionProvider;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.importance.UnitSums;
import io.espalier.model.tensor.ImportanceKernels;
import io.espalier.model.tensor.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A criterion that the library does not know is added by a provider on the class path and by nothing else. */
class OwnCriterionTest {
    /** Keeps the smallest weights: what magnitude would remove last goes first. */
    record Smallest() implements Criterion {
        @Override
        public String name() {
            return "smallest";
        }

        @Override
        public UnitScores score(LayerEvidence evidence) {
            return UnitSums.over(evidence.layout(), evidence.linears(), linear -> {
                try (Scope scope = Scope.open()) {
                    double[] sums = new ImportanceKernels(scope).magnitudeSums(evidence.weight(linear), 1);
                    return Arrays.stream(sums).map(sum -> -sum).toArray();
                }
            });
        }
    }

    /** Named in {@code META-INF/services} of the tests. */
    public static final class Provider implements CriterionProvider {
        @Override
        public String name() {
            return "smallest";
        }

        @Override
        public Criterion make(CriterionOptions options) {
            return new Smallest();
        }
    }

    @Test
    void aCriterionOfAnotherJarScoresALayerUnderItsName() {
        // Given
        Criterion own = Criterion.named("smallest", CriterionOptions.usual());
        Criterion magnitude = Criterion.named("magnitude", CriterionOptions.usual());

        // When
        var scores = scored(List.of(own, magnitude));

        // Then
        assertThat(scores.get("smallest").ffn())
                .isEqualTo(negated(scores.get("magnitude").ffn()));
        assertThat(scores.get("smallest").attention())
                .isEqualTo(negated(scores.get("magnitude").attention()));
    }

    @Test
    void aNameThatNobodyProvidesIsRefusedBesideThoseThatAreKnown() {
        assertThatThrownBy(() -> Criterion.named("luck", CriterionOptions.usual()))
                .isInstanceOf(InvalidSetting.class)
                .hasMessageContainingAll("'luck'", "magnitude", "smallest");
    }

    private static Map<String, UnitScores> scored(List<Criterion> criteria) {
        try (Checkpoint checkpoint = DemoModel.open()) {
            return LayerScorer.score(checkpoint, 0, criteria, 1, null, null);
        }
    }

    private static double[] negated(double[] scores) {
        return Arrays.stream(scores).map(score -> -score).toArray();
    }
}
