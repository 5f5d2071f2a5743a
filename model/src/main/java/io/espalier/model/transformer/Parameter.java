package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import java.util.List;

/** A tensor of a model: its name in the checkpoint and what its axes mean. */
public record Parameter(String name, List<Axis> axes) {
    public Parameter {
        axes = List.copyOf(axes);
    }

    static Parameter vector(String name, Axis axis) {
        return new Parameter(name, List.of(axis));
    }

    static Parameter matrix(String name, Axis rows, Axis columns) {
        return new Parameter(name, List.of(rows, columns));
    }

    public Axis rows() {
        return axes.get(0);
    }

    /** The second axis. Only a matrix has one. */
    public Axis columns() {
        return axes.get(1);
    }

    public List<Long> shape() {
        return axes.stream().map(axis -> (long) axis.length()).toList();
    }

    /** The number of elements of the whole tensor. */
    public long elements() {
        return shape().stream().reduce(1L, (a, b) -> a * b);
    }

    /** The shape of this tensor in a layer of another shape. */
    public List<Long> shape(LayerShape layer) {
        return axes.stream().map(axis -> (long) axis.length(layer)).toList();
    }

    /** Whether this tensor gets smaller when units are removed. */
    public boolean removable() {
        return axes.stream().anyMatch(Axis::removable);
    }
}
