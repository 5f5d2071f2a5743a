package io.espalier.evaluator.domain;

import io.espalier.model.LayerShape;
import java.util.List;

/**
 * Dense against pruned, measured in one process by one protocol.
 *
 * @param layers shapes of the pruned model
 * @param splitName "held-out" or "calibration"
 * @param predictedTokens predictions behind each perplexity
 * @param macsTokens length of the input the MACs are stated for
 * @param repetitions alternating dense/pruned repetitions behind the speeds; 0 when not measured
 */
public record Evaluation(
        Measurement dense,
        Measurement pruned,
        List<LayerShape> layers,
        String splitName,
        int sequenceLength,
        int windows,
        long predictedTokens,
        int macsTokens,
        int prefillTokens,
        int decodeTokens,
        int repetitions) {
    public Evaluation {
        layers = List.copyOf(layers);
    }

    /**
     * @param macs multiply-accumulates of one forward pass
     * @param checkpointBytes of the weight files
     * @param prefillRate tokens per second; 0 when not measured
     * @param decodeRate tokens per second; 0 when not measured
     */
    public record Measurement(
            double perplexity,
            long parameters,
            long macs,
            long checkpointBytes,
            double prefillRate,
            double decodeRate) {}
}
