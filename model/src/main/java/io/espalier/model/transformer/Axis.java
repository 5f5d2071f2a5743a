package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import java.util.List;
import java.util.stream.Stream;

/**
 * One axis of a layer's tensor as runs of removable units. Fused tensors have several runs, one per part; all else about
 * scoring and slicing a tensor follows from its axes.
 */
public record Axis(List<Run> runs) {
    /**
     * Units that lie side by side.
     *
     * @param units how many
     * @param width positions of one unit
     */
    public record Run(UnitKind kind, int units, int width) {
        public int length() {
            return Math.multiplyExact(units, width);
        }
    }

    public Axis {
        runs = List.copyOf(runs);
    }

    public static Axis fixed(int length) {
        return of(UnitKind.FIXED, length, 1);
    }

    public static Axis of(UnitKind kind, int units, int width) {
        return new Axis(List.of(new Run(kind, units, width)));
    }

    /** This axis and then another: that of tensors fused along it. */
    Axis followedBy(Axis next) {
        return new Axis(Stream.concat(runs.stream(), next.runs.stream()).toList());
    }

    public int length() {
        return runs.stream().mapToInt(Run::length).sum();
    }

    /** Positions that belong to one unit of a kind, in all runs. */
    public int unitWidth(UnitKind kind) {
        return runs.stream()
                .filter(run -> run.kind() == kind)
                .mapToInt(Run::width)
                .sum();
    }

    /** Length in a layer of another shape. */
    public int length(LayerShape shape) {
        return runs.stream()
                .mapToInt(run -> run.width()
                        * switch (run.kind()) {
                            case ATTENTION -> shape.attentionUnits();
                            case FFN -> shape.ffnChannels();
                            case FIXED -> run.units();
                        })
                .sum();
    }

    /** Whether removing units shortens this axis. */
    public boolean removable() {
        return runs.stream().anyMatch(run -> run.kind() != UnitKind.FIXED);
    }

    /**
     * Adds the value at each position to the unit it belongs to.
     *
     * @param values of this axis, from index {@code offset} on
     * @param sums per unit of {@code kind}
     */
    public void addTo(double[] sums, UnitKind kind, double[] values, int offset) {
        int position = offset;
        for (Run run : runs) {
            if (run.kind() == kind) {
                for (int i = 0; i < run.length(); i++) {
                    sums[i / run.width()] += values[position + i];
                }
            }
            position += run.length();
        }
    }
}
