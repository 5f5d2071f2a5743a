package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.GradientSource;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Scoring;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsualRequestMapperTest {
    @Test
    void aRequestThatLeavesTheCriterionOpenMeansObs() {
        // When
        PruneRequest completed = UsualRequestMapper.completed(
                PruneRequest.newBuilder().setModel("llama").build());

        // Then
        assertThat(completed.getScoring().getCriterion()).isEqualTo("obs");
        assertThat(completed.getModel()).isEqualTo("llama");
    }

    @Test
    void theScoresOfAnEarlierJobAreThoseOfTheUsualCriterion() {
        // When
        PruneRequest completed = UsualRequestMapper.completed(PruneRequest.newBuilder()
                .setScoring(Scoring.newBuilder().setScoresOf("earlier"))
                .build());

        // Then
        assertThat(completed.getScoring().getCriterion()).isEqualTo("obs");
    }

    @Test
    void aRequestThatSaysHowFmsIsComputedStaysAsItIs() {
        PruneRequest request = PruneRequest.newBuilder()
                .setScoring(Scoring.newBuilder()
                        .setGradient(GradientSource.newBuilder().setDraws(2)))
                .build();

        // When
        PruneRequest completed = UsualRequestMapper.completed(request);

        // Then
        assertThat(completed).isEqualTo(request);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layers", "2:4", "unstructured"})
    void otherTargetsHaveTheirOwnCriterion(String target) {
        PruneRequest request = PruneRequest.newBuilder()
                .setPruning(Pruning.newBuilder().setTarget(target))
                .build();

        // When
        PruneRequest completed = UsualRequestMapper.completed(request);

        // Then
        assertThat(completed).isEqualTo(request);
    }
}
