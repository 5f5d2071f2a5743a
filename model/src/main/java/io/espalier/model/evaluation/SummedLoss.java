package io.espalier.model.evaluation;

/**
 * How well a model predicted tokens, in sums that add up over parts of a text.
 *
 * @param loss negative log-likelihood of all predictions, in nats
 * @param divergence KL(dense ‖ model) of all predictions, in nats; 0 for the dense model
 * @param agreeing predictions whose most likely token is the dense model's; 0 for that itself
 */
public record SummedLoss(double loss, long predictions, double divergence, long agreeing) {
    /** The perplexity per prediction. */
    public double perplexity() {
        return Math.exp(loss / predictions);
    }
}
