package io.espalier.recoverer.domain;

import io.espalier.job.Recovery;
import io.espalier.model.recovery.LossCurve;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The part of a checkpoint's {@code README.md} that tells of its recovery. */
final class RecoveryCard {
    private static final String HEADING = "## How it was recovered";

    private RecoveryCard() {}

    /**
     * The card with that part at its end, in the place of one that an earlier step of the same recovery wrote.
     *
     * @param card of the pruned checkpoint
     * @param masked whether pruning made single weights zero
     */
    static String after(String card, Recovery asked, boolean masked, RecoveryReport report) {
        int earlier = card.indexOf("\n" + HEADING);
        String pruned = earlier < 0 ? card : card.substring(0, earlier);
        return pruned + "\n" + String.join("\n", lines(asked, masked, report)) + "\n";
    }

    private static List<String> lines(Recovery asked, boolean masked, RecoveryReport report) {
        List<String> lines = new ArrayList<>(List.of(
                HEADING,
                "",
                String.format(
                        Locale.ROOT,
                        "The dense model taught it on %,d windows of %s. Losses are those on windows that were held out.",
                        report.windows(),
                        asked.text().isPresent() ? "a text of its own" : "the calibration text")));
        asked.local()
                .filter(training -> !report.layers().isEmpty())
                .ifPresent(training -> lines.add(String.format(
                        Locale.ROOT,
                        "\nEach layer learned alone what the dense layer does, %s, in %,d steps: mean relative error %.4f → %.4f.",
                        training.sequential()
                                ? "behind the recovered layers before it"
                                : "behind the dense layers before it",
                        training.steps(),
                        mean(report, LossCurve::before),
                        mean(report, LossCurve::after))));
        asked.lora().ifPresent(training -> report.adapters()
                .ifPresent(loss -> lines.add(String.format(
                        Locale.ROOT,
                        "\nAdapters of rank %d then learned through all layers and are part of the weights: loss %.4f → %.4f nats per token"
                                + " at step %,d of %,d.",
                        training.rank(),
                        loss.before(),
                        loss.after(),
                        loss.best(),
                        training.steps()))));
        if (masked) {
            lines.add("\nWhat pruning made zero is still zero, in the same places.");
        }
        return lines;
    }

    private static double mean(RecoveryReport report, ToDoubleFunction<LossCurve> loss) {
        return report.layers().values().stream().mapToDouble(loss).average().orElse(0);
    }
}
