package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.LayerShape;
import io.espalier.v1.Calibration;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class UnitsRemovedTest {
    /** Four query heads to a KV head. */
    private static final LayerShape DENSE = new LayerShape(8, 2, 4, 80);

    @Test
    void aKindOfWhichNothingWentSaysWhyAndWhatWould() {
        // When
        List<UnitsRemoved> removed = removed(Pruning.newBuilder().setUnitRatio(0.25), new LayerShape(8, 2, 4, 60));

        // Then
        assertThat(removed)
                .containsExactly(
                        new UnitsRemoved(
                                "KV groups",
                                6,
                                0,
                                OptionalDouble.of(0.25),
                                "a layer has 2 KV groups, and the budget does not reach one of them;"
                                        + " attention_unit query-head removes query heads inside them"),
                        new UnitsRemoved("FFN channels", 240, 60, OptionalDouble.of(0.25), ""));
    }

    @Test
    void queryHeadsAreCountedWhereTheyAreTheUnit() {
        // When
        List<UnitsRemoved> removed = removed(
                Pruning.newBuilder().setParameterRatio(0.1).setAttentionUnit("query-head"),
                new LayerShape(6, 2, 4, 80));

        // Then
        assertThat(removed)
                .containsExactly(
                        new UnitsRemoved("query heads", 24, 6, OptionalDouble.empty(), ""),
                        new UnitsRemoved(
                                "FFN channels",
                                240,
                                0,
                                OptionalDouble.empty(),
                                "a layer has 80 FFN channels, and the kept width is rounded up to a multiple of 32"));
    }

    @Test
    void roundingThatSparesEveryHeadIsSaid() {
        // When
        List<UnitsRemoved> removed =
                removed(Pruning.newBuilder().setUnitRatio(0.25).setAttentionRoundTo(2), new LayerShape(8, 2, 4, 60));

        // Then
        assertThat(removed.get(0).note())
                .startsWith("a layer has 2 KV groups, and the kept number is rounded up to a multiple of 2");
    }

    @Test
    void aHalfThatTheRequestLeavesWholeIsNotMissed() {
        // When
        List<UnitsRemoved> removed =
                removed(Pruning.newBuilder().setUnitRatio(0.25).setOnly("mlp"), new LayerShape(8, 2, 4, 60));

        // Then
        assertThat(removed.get(0).asked()).isEmpty();
        assertThat(removed.get(0).note()).isEqualTo("pruning.only leaves them whole");
    }

    @Test
    void aSearchThatLeavesAKindWholeIsTheReason() {
        // When
        List<UnitsRemoved> removed =
                removed(Pruning.newBuilder().setUnitRatio(0.25).setAllocation("searched"), new LayerShape(8, 2, 4, 60));

        // Then
        assertThat(removed)
                .containsExactly(
                        new UnitsRemoved(
                                "KV groups",
                                6,
                                0,
                                OptionalDouble.empty(),
                                "the shapes that the search chose keep all of them"),
                        new UnitsRemoved("FFN channels", 240, 60, OptionalDouble.empty(), ""));
    }

    private static List<UnitsRemoved> removed(Pruning.Builder pruning, LayerShape left) {
        JobSpec spec = RequestMapper.toSpec(
                "job",
                PruneRequest.newBuilder()
                        .setModel("m")
                        .setCalibration(Calibration.newBuilder().setText("t"))
                        .setPruning(pruning)
                        .build());
        return UnitsRemoved.of(
                spec, Inspections.of(Collections.nCopies(3, DENSE), 3), "job", Collections.nCopies(3, left));
    }
}
