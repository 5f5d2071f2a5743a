package io.espalier.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Outcomes beside their goals, for people. */
public final class OutcomeTable {
    private final List<Row> rows = new ArrayList<>();

    private record Row(String name, String outcome, String goal, String verdict) {}

    /** @param outcome null when it was not measured: the row is left out */
    public OutcomeTable row(String name, @Nullable Double outcome, @Nullable Goal goal) {
        if (outcome != null) {
            rows.add(new Row(
                    name,
                    String.format(Locale.ROOT, "%.3f", outcome),
                    goal == null ? "" : goal.toString(),
                    goal == null ? "" : goal.isMetBy(outcome) ? "met" : "missed"));
        }
        return this;
    }

    /** A row of words. */
    public OutcomeTable row(String name, String outcome) {
        rows.add(new Row(name, outcome, "", ""));
        return this;
    }

    /** The table of a whole run; goals are those of the 1.1b shape. */
    public static OutcomeTable of(BenchResult result) {
        BenchResult.Ratios ratio = result.ratio();
        BenchResult.Peaks peak = result.peakOverModel();
        return new OutcomeTable()
                .row("streamed throughput / resident", result.residentOverStreamed(), Goal.atLeast(0.95))
                .row("forward FLOP/s / best matrix product", result.gemmEfficiency(), Goal.atLeast(0.80))
                .row("activation statistics / forward", ratio.activation(), Goal.atMost(1.15))
                .row("gaussian draw / forward", ratio.gaussian(), Goal.atMost(4))
                .row("rademacher draw / forward", ratio.rademacher(), Goal.atMost(2.6))
                .row("rank-one draw of 8 / forward", ratio.rankOne(), Goal.atMost(2.2))
                .row("backprop / forward", ratio.backprop(), Goal.atMost(3.5))
                .row("peak memory / model: activation scores", peak.activation(), Goal.atMost(0.35))
                .row("peak memory / model: zeroth-order scores", peak.zerothOrder(), Goal.atMost(0.35))
                .row("peak memory / model: backprop scores", peak.backprop(), Goal.atMost(0.5))
                .row("peak memory / model: pruner", peak.pruner(), null)
                .row("peak memory / model: evaluator", peak.evaluator(), null);
    }

    @Override
    public String toString() {
        int width = rows.stream().mapToInt(row -> row.name.length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        for (Row row : rows) {
            text.append(String.format(
                            Locale.ROOT,
                            "%-" + width + "s  %10s  %-7s %s",
                            row.name,
                            row.outcome,
                            row.goal,
                            row.verdict)
                    .stripTrailing());
            text.append(System.lineSeparator());
        }
        return text.toString();
    }
}
