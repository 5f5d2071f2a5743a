package io.espalier.model.transformer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one half of a layer is attached to the residual stream x: {@code sum(x + scale · output(half(input(x))))}.
 *
 * @param input norm of what enters the half; null for none
 * @param output norm of what the half adds; null for none
 * @param scale factor of what the half adds
 * @param sum norm of the residual stream after the addition; null for none
 */
public record Residual(
        @Nullable Norm input,
        @Nullable Norm output,
        double scale,
        @Nullable Norm sum) {
    /** The usual form: the half reads a norm of the stream, and its output is added as it is. */
    static Residual of(Norm input) {
        return new Residual(input, null, 1, null);
    }

    /** A half between two norms. */
    static Residual between(Norm input, Norm output) {
        return new Residual(input, output, 1, null);
    }

    /** A half that reads the stream as it is, and a norm of the stream behind it. */
    static Residual before(Norm sum) {
        return new Residual(null, null, 1, sum);
    }

    Residual scaled(double factor) {
        return new Residual(input, output, scale * factor, sum);
    }

    /** Whether the output of the half's output projection is added to the stream as it is. */
    public boolean addsUnchanged() {
        return output == null && scale == 1 && sum == null;
    }

    /** The norms that exist. */
    List<Norm> norms() {
        List<Norm> norms = new ArrayList<>();
        for (@Nullable Norm norm : new @Nullable Norm[] {input, output, sum}) {
            if (norm != null) {
                norms.add(norm);
            }
        }
        return norms;
    }
}
