package io.espalier.model.importance;

/**
 * What one zeroth-order draw leaves behind; with the job's seed it is enough to rebuild its part of the gradient.
 *
 * @param plus L(θ + εz), in nats per token
 * @param minus L(θ − εz)
 */
public record DrawLosses(int draw, double plus, double minus) {
    /** c = (L⁺ − L⁻) / 2ε */
    double slope(double epsilon) {
        return (plus - minus) / (2 * epsilon);
    }
}
