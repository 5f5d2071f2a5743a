package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import java.util.ArrayList;
import java.util.List;

/**
 * The tensors of one decoder layer and what they do.
 *
 * @param index of the layer, from 0
 * @param attentionNorm before the attention
 * @param feedForwardNorm before the feed-forward block
 */
public record LayerLayout(
        int index,
        LayerShape shape,
        Norm attentionNorm,
        Attention attention,
        Norm feedForwardNorm,
        FeedForward feedForward) {

    /** Every linear layer, in the order the data flows. */
    public List<Linear> linears() {
        List<Linear> linears = new ArrayList<>(attention.projections());
        linears.add(attention.output());
        linears.addAll(feedForward.projections());
        linears.add(feedForward.down());
        return linears;
    }

    /** Every tensor. */
    public List<Parameter> parameters() {
        List<Parameter> parameters = new ArrayList<>();
        parameters.add(attentionNorm.weight());
        parameters.add(feedForwardNorm.weight());
        for (Linear linear : linears()) {
            parameters.add(linear.weight());
            Parameter bias = linear.bias();
            if (bias != null) {
                parameters.add(bias);
            }
        }
        return parameters;
    }
}
