package io.espalier.model.importance;

/**
 * The result of one zeroth-order draw. Its term of the gradient estimate can be rebuilt from these numbers and the
 * settings in {@link ZerothOrder}, because the seed determines z.
 *
 * @param draw index of the draw
 * @param plus L(θ + εz), in nats per token
 * @param minus L(θ − εz), in nats per token
 */
public record DrawLosses(int draw, double plus, double minus) {
    /** The central difference along z, c = (L⁺ − L⁻) / 2ε. */
    double slope(double epsilon) {
        return (plus - minus) / (2 * epsilon);
    }
}
