package io.espalier.recoverer.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.job.Recovery;
import io.espalier.model.recovery.LocalTraining;
import io.espalier.model.recovery.LoraTraining;
import io.espalier.model.recovery.LossCurve;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RecoveryCardTest {
    private static final String PRUNED = "# llama, pruned\n\n## How to load it\n";
    private static final Recovery BOTH = new Recovery(
            Optional.of(new LocalTraining(false, 150, 16, 1e-3)),
            Optional.of(new LoraTraining(8, 16, List.of(), LoraTraining.Objective.DISTILL, 300, 16, 1e-3, 30)),
            Optional.empty(),
            512,
            false);
    private static final RecoveryReport LOCAL = new RecoveryReport(
            1_024, new TreeMap<>(Map.of(0, curve(0.02, 0.01), 1, curve(0.04, 0.02))), Optional.empty());

    @Test
    void tellsWhatTheLayersLearnedBehindWhatThePrunerWrote() {
        assertThat(RecoveryCard.after(PRUNED, BOTH, false, LOCAL)).isEqualTo(PRUNED + """

                ## How it was recovered

                The dense model taught it on 1,024 windows of the calibration text. Losses are those on windows that were held out.

                Each layer learned alone what the dense layer does, behind the dense layers before it, in 150 steps: mean relative error 0.0300 → 0.0150.
                """);
    }

    @Test
    void tellsOfTheAdaptersInThePlaceOfWhatTheStepBeforeTold() {
        String before = RecoveryCard.after(PRUNED, BOTH, false, LOCAL);
        RecoveryReport adapted = new RecoveryReport(1_024, LOCAL.layers(), Optional.of(curve(0.21, 0.15)));

        String card = RecoveryCard.after(before, BOTH, false, adapted);

        assertThat(card)
                .startsWith(before)
                .endsWith("are part of the weights: loss 0.2100 → 0.1500 nats per token at step 10 of 300.\n")
                .containsOnlyOnce("## How it was recovered");
    }

    @Test
    void tellsThatWeightsWhichBecameZeroAreZeroStill() {
        String card = RecoveryCard.after(PRUNED, BOTH, true, LOCAL);

        assertThat(card)
                .startsWith(RecoveryCard.after(PRUNED, BOTH, false, LOCAL))
                .endsWith("0.0150.\n\nWhat pruning made zero is still zero, in the same places.\n");
    }

    private static LossCurve curve(double before, double after) {
        return new LossCurve(List.of(new LossCurve.Point(0, 0, before), new LossCurve.Point(10, before, after)), 10);
    }
}
