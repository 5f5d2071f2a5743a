package io.espalier.model.search;

import io.espalier.base.Progress;
import io.espalier.model.LayerShape;
import io.espalier.model.transformer.Footprint;
import java.util.List;

/**
 * How far candidates are from the dense model: the KL divergence of their next-token distributions. All candidates pass a
 * layer together. Those that are alike so far share their hidden states, and the dense model is one of them. Each level of a
 * half is repaired by least squares on the dense model's inputs, once for all candidates that have it.
 *
 * @param calibration [n][t] token ids that repairs are solved on
 * @param judged [m][t] token ids that the divergence is measured on
 */
public record Divergence(SearchSpace space, int[][] calibration, int[][] judged) {
    /**
     * @param candidates shapes of all layers, one list a candidate
     * @return per candidate KL(dense ‖ candidate), in nats per predicted token
     */
    public double[] of(List<List<LayerShape>> candidates, Progress progress) {
        try (DivergencePass pass = new DivergencePass(this, candidates)) {
            return pass.run(progress);
        }
    }

    /**
     * The most bytes that are held at once with so many candidates: the hidden states of all of them, the layer and a copy of
     * what one level changes, the sums of both halves, and three times the output projection that is repaired.
     */
    public static long bytes(Footprint footprint, int calibration, int judged, int length, int candidates) {
        long repairs = footprint.largest(
                layer -> Footprint.sum(layer.outputProjections(), linear -> 2 * Footprint.gram(linear.inputs()))
                        + Float.BYTES
                                * (layer.weightsOfHalf()
                                        + 3 * Footprint.most(layer.outputProjections(), linear -> linear.weights())));
        long judging = footprint.hidden(judged, length);
        long hidden = footprint.hidden(calibration, length) + (candidates + 1L) * judging;
        long activations =
                Math.max(footprint.activationsToSum(calibration, length), footprint.activations(judged, length));
        long compared = (candidates + 1L) * judging + footprint.head(judged, length);
        return hidden + Math.max(footprint.streamedExact() + repairs + activations, compared);
    }
}
