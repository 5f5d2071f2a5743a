package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import java.util.List;
import java.util.stream.Stream;

/**
 * One axis of a layer's tensor, described as runs of units. A fused tensor has one run per part. The axes of a tensor
 * determine how its scores are summed per unit and which slices are removed with a unit.
 */
public record Axis(List<Run> runs) {
    /**
     * Consecutive units of one kind.
     *
     * @param units number of units
     * @param width number of positions per unit
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

    /** The axis of two tensors that are concatenated along this axis. */
    Axis followedBy(Axis next) {
        return new Axis(Stream.concat(runs.stream(), next.runs.stream()).toList());
    }

    public int length() {
        return runs.stream().mapToInt(Run::length).sum();
    }

    /** The number of positions that belong to one unit of a kind, over all runs. */
    public int unitWidth(UnitKind kind) {
        return runs.stream()
                .filter(run -> run.kind() == kind)
                .mapToInt(Run::width)
                .sum();
    }

    /** The length of this axis in a layer of another shape. */
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

    /** Whether this axis gets shorter when units are removed. */
    public boolean removable() {
        return runs.stream().anyMatch(run -> run.kind() != UnitKind.FIXED);
    }

    /**
     * Adds the value at each position to the sum of the unit that the position belongs to.
     *
     * @param sums one sum per unit of {@code kind}
     * @param values one value per position of this axis, starting at index {@code offset}
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
