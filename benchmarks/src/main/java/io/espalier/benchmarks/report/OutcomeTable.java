package io.espalier.benchmarks.report;

import io.espalier.benchmarks.shape.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A table of outcomes and their goals, for people. */
public final class OutcomeTable {
    private final List<Row> rows = new ArrayList<>();

    private record Row(String name, String outcome, String goal, String verdict) {}

    /** @param outcome null if it was not measured; then the table has no row for it */
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

    /** Adds a row whose cells are text. */
    public OutcomeTable row(String name, String outcome) {
        rows.add(new Row(name, outcome, "", ""));
        return this;
    }

    /** The table of a whole run. The goals hold for one shape, so they are shown only for that shape. */
    public static OutcomeTable of(BenchResult result) {
        boolean judged = result.shape().equals(Shape.LLAMA_1_1B.spelled());
        BenchResult.Ratios ratio = result.ratio();
        BenchResult.Peaks peak = result.peakOverModel();
        return new OutcomeTable()
                .row(
                        "streamed throughput / resident",
                        result.residentOverStreamed(),
                        judged ? Goal.atLeast(0.95) : null)
                .row(
                        "forward FLOP/s / best matrix product",
                        result.gemmEfficiency(),
                        judged ? Goal.atLeast(0.80) : null)
                .row("activation statistics / forward", ratio.activation(), judged ? Goal.atMost(1.15) : null)
                .row("gaussian draw / forward", ratio.gaussian(), judged ? Goal.atMost(4) : null)
                .row("rademacher draw / forward", ratio.rademacher(), judged ? Goal.atMost(2.6) : null)
                .row("rank-one draw of 8 / forward", ratio.rankOne(), judged ? Goal.atMost(2.2) : null)
                .row("backprop / forward", ratio.backprop(), judged ? Goal.atMost(3.5) : null)
                .row("prices of all cuts / forward", ratio.searchEstimate(), judged ? Goal.atMost(16) : null)
                .row("step of adapters / forward", ratio.adapterStep(), judged ? Goal.atMost(4.5) : null)
                .row("local step / forward of one layer", ratio.localStep(), null)
                .row("peak memory / model: activation scores", peak.activation(), judged ? Goal.atMost(0.35) : null)
                .row("peak memory / model: zeroth-order scores", peak.zerothOrder(), judged ? Goal.atMost(0.35) : null)
                .row("peak memory / model: backprop scores", peak.backprop(), judged ? Goal.atMost(0.5) : null)
                .row("peak memory / model: prices", peak.searchEstimate(), judged ? Goal.atMost(0.5) : null)
                .row("peak memory / model: adapters", peak.adapterStep(), judged ? Goal.atMost(0.55) : null)
                .row("peak memory / model: local recovery", peak.localStep(), judged ? Goal.atMost(0.6) : null)
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
