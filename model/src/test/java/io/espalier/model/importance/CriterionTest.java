package io.espalier.model.importance;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CriterionTest {
    private static final LayerScope MIDDLE = new LayerScope(1, 2);

    @Test
    void fmsComesWithTheControlsThatTestItsGradient() {
        Criterion fms = Criterion.named("fms", 1);

        assertThat(fms.needsGradient()).isTrue();
        assertThat(fms.controls()).extracting(Criterion::name).containsExactly("fms/none", "fms/noise");
        assertThat(fms.controls()).noneMatch(Criterion::needsGradient);
    }

    @Test
    void controlWithoutGradientIsFmsWithAGradientOfOnes() {
        GradientSource ones = (linear, scope) -> {
            float[] values = new float[linear.outputs() * linear.inputs()];
            Arrays.fill(values, 1);
            return scope.floats(values, linear.outputs(), linear.inputs());
        };
        List<Criterion> both = new ArrayList<>(List.of(Criterion.named("fms", 1)));
        both.addAll(both.get(0).controls());

        Map<String, UnitScores> scores = score(both, 1, ones);

        assertThat(scores.keySet()).containsExactly("fms", "fms/none", "fms/noise");
        assertThat(scores.get("fms/none").ffn())
                .containsExactly(scores.get("fms").ffn(), within(1e-6));
        assertThat(scores.get("fms/noise").ffn()).isNotEqualTo(scores.get("fms").ffn());
    }

    @Test
    void randomAndNoiseFollowFromTheSeedAlone() {
        List<Criterion> chance = List.of(
                Criterion.named("random", 1),
                Criterion.named("fms", 1).controls().get(1));

        Map<String, UnitScores> scores = score(chance, 1, null);

        assertThat(score(chance, 1, null)).isEqualTo(scores);
        assertThat(score(chance, 2, null).get("random")).isNotEqualTo(scores.get("random"));
        assertThat(score(chance, 2, null).get("fms/noise")).isNotEqualTo(scores.get("fms/noise"));
    }

    @Test
    void unknownCriterionIsRefusedNamingTheKnownOnes() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> Criterion.named("luck", 1))
                .contains("criterion", "'luck'", "wanda-sp");
    }

    @Test
    void aGradientSourceThatGivesTooLittleIsRefusedBeforeAnyWork() {
        Criterion fms = Criterion.named("fms", 1);
        Criterion mixed = Criterion.named("taylor", CriterionOptions.usual().withForm("mix"));

        assertThatCode(() -> fms.requireSource("zeroth-order")).doesNotThrowAnyException();
        assertThatCode(() -> mixed.requireSource("backprop")).doesNotThrowAnyException();
        assertThatCode(() -> Criterion.named("wanda", 1).requireSource("")).doesNotThrowAnyException();
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> fms.requireSource(""))
                .contains("gradient source", "fms", "zeroth-order, backprop");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> mixed.requireSource("zeroth-order"))
                .contains("gradient source", "taylor", "backprop");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> fms.requireSource("oracle"))
                .contains("gradient source", "'oracle'");
    }

    @Test
    void everyCriterionIsFoundUnderItsNameAndNamedByTheError() {
        List<String> names = List.of(
                "fms",
                "taylor",
                "gblm",
                "blend",
                "obs",
                "flap",
                "wanda",
                "wanda-sp",
                "block-influence",
                "magnitude",
                "random");

        assertThat(names)
                .allSatisfy(name -> assertThat(Criterion.named(name, 1).name()).isEqualTo(name));
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> Criterion.named("luck", 1))
                .contains(names.toArray(String[]::new));
    }

    @Test
    void magnitudeKnowsTwoExponents() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> Criterion.named("magnitude", 3))
                .contains("magnitude p");
    }

    private static Map<String, UnitScores> score(
            List<Criterion> criteria, long seed, @Nullable GradientSource gradient) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            InputStatistics statistics =
                    InputStatistics.collect(checkpoint, GoldenCheckpoint.windows(4, 24, 1), MIDDLE, Progress.SILENT);
            return LayerScorer.score(checkpoint, 1, criteria, seed, statistics, gradient);
        }
    }
}
