package io.espalier.evaluator.domain;

import io.espalier.model.LayerShape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The dense and the pruned model, measured by one protocol.
 *
 * @param unrecovered the pruned model as it was before its recovery; empty where there was none
 * @param layers shapes of the pruned model
 * @param splitName "held-out" or "calibration"
 * @param predictedTokens how many predictions each perplexity is the mean of
 * @param macsTokens length of the input the MACs are stated for
 * @param sliced perplexity of the dense model without the units that a score set would remove, by the set's name;
 *     empty unless asked for
 * @param speeds of both, if they were measured
 */
public record Evaluation(
        Measurement dense,
        Measurement pruned,
        Optional<Measurement> unrecovered,
        List<LayerShape> layers,
        String splitName,
        int sequenceLength,
        int windows,
        long predictedTokens,
        int macsTokens,
        Speeds speeds,
        Map<String, Double> sliced) {
    public Evaluation {
        layers = List.copyOf(layers);
        sliced = Collections.unmodifiableMap(new LinkedHashMap<>(sliced));
    }

    /**
     * How well a model predicts the evaluation text.
     *
     * @param distance from the dense model; empty for that itself
     */
    public record Quality(double perplexity, Optional<Distance> distance) {}

    /**
     * @param quality empty where it is measured window by window, by other tasks
     * @param nonzero parameters, without those that pruning made zero in place
     * @param macs multiply-accumulate operations of one forward pass
     * @param checkpointBytes size of the weight files
     */
    public record Measurement(
            Optional<Quality> quality, long parameters, long nonzero, long macs, long checkpointBytes) {}

    /**
     * How far a model's next tokens are from the dense model's.
     *
     * @param divergence KL(dense ‖ model) in nats, the mean over all predictions
     * @param agreement share of the predictions whose most likely token is the same
     */
    public record Distance(double divergence, double agreement) {}
}
