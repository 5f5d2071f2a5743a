package io.espalier.model.recovery;

import java.util.List;

/**
 * What a training did to the loss.
 *
 * @param points measured on the held-out windows, the first of them before the training
 * @param best step whose weights were kept, one of the points
 */
public record LossCurve(List<Point> points, int best) {
    /**
     * @param step number of steps done
     * @param trained mean loss of the steps since the point before; 0 at step 0
     * @param heldOut loss on the held-out windows
     */
    public record Point(int step, double trained, double heldOut) {}

    public LossCurve {
        points = List.copyOf(points);
    }

    /** The same with no other points than the first, the last and that of the best step. */
    public LossCurve endsAndBest() {
        int last = points.get(points.size() - 1).step();
        return new LossCurve(
                points.stream()
                        .filter(point -> point.step() == 0 || point.step() == best || point.step() == last)
                        .toList(),
                best);
    }

    /** The loss on the held-out windows before the training. */
    public double before() {
        return points.get(0).heldOut();
    }

    /** The same with the weights that were kept. */
    public double after() {
        return points.stream()
                .filter(point -> point.step() == best)
                .findFirst()
                .orElseThrow()
                .heldOut();
    }
}
