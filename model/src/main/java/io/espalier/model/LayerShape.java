package io.espalier.model;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;

/**
 * Shape of one decoder layer. Layers of a pruned model differ, so nothing but this record says how wide a layer is.
 *
 * @param heads query heads
 * @param kvHeads key/value heads; divides {@code heads}
 * @param headDim size of one head
 * @param ffnChannels width of the feed-forward block
 */
public record LayerShape(int heads, int kvHeads, int headDim, int ffnChannels) {
    public LayerShape {
        if (heads < 1 || kvHeads < 1 || headDim < 1 || ffnChannels < 1 || heads % kvHeads != 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "layer shape heads=%d kv_heads=%d head_dim=%d ffn=%d: all must be positive and kv_heads divide heads"
                            .formatted(heads, kvHeads, headDim, ffnChannels));
        }
    }

    /** Removable attention units: heads, or whole KV groups when query heads share them. */
    public int attentionUnits() {
        return kvHeads;
    }

    /** Query heads that are removed together with one attention unit. */
    public int headsPerUnit() {
        return heads / kvHeads;
    }
}
