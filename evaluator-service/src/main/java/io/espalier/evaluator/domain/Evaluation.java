package io.espalier.evaluator.domain;

import io.espalier.model.LayerShape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Dense against pruned, measured in one process by one protocol.
 *
 * @param layers shapes of the pruned model
 * @param splitName "held-out" or "calibration"
 * @param predictedTokens predictions behind each perplexity
 * @param macsTokens length of the input the MACs are stated for
 * @param masked perplexity of the dense model with the units masked that a score set would remove, by the set's name
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
        int repetitions,
        Map<String, Double> masked) {
    public Evaluation {
        layers = List.copyOf(layers);
        masked = Collections.unmodifiableMap(new LinkedHashMap<>(masked));
    }

    /**
     * @param nonzero parameters that pruning did not make zero in place
     * @param macs multiply-accumulates of one forward pass
     * @param checkpointBytes of the weight files
     * @param prefillRate tokens per second; 0 when not measured
     * @param decodeRate tokens per second; 0 when not measured
     */
    public record Measurement(
            double perplexity,
            long parameters,
            long nonzero,
            long macs,
            long checkpointBytes,
            double prefillRate,
            double decodeRate) {}
}
