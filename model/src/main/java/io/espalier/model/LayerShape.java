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
 * @param attentionUnit what of attention is scored and removed as one
 */
public record LayerShape(int heads, int kvHeads, int headDim, int ffnChannels, AttentionUnit attentionUnit) {
    public LayerShape {
        if (heads < 1 || kvHeads < 1 || headDim < 1 || ffnChannels < 1 || heads % kvHeads != 0) {
            throw new EspalierException(
                    ErrorCode.MODEL_CORRUPT,
                    "layer shape heads=%d kv_heads=%d head_dim=%d ffn=%d: all must be positive and kv_heads divide heads"
                            .formatted(heads, kvHeads, headDim, ffnChannels));
        }
    }

    /** A shape whose attention units are KV groups. */
    public LayerShape(int heads, int kvHeads, int headDim, int ffnChannels) {
        this(heads, kvHeads, headDim, ffnChannels, AttentionUnit.KV_GROUP);
    }

    /** The same shape with other attention units. */
    public LayerShape in(AttentionUnit unit) {
        return new LayerShape(heads, kvHeads, headDim, ffnChannels, unit);
    }

    /** The number of attention units, each with its own score. */
    public int attentionUnits() {
        return inGroups() ? kvHeads : heads;
    }

    /** Query heads that are removed together with one attention unit. */
    public int headsPerUnit() {
        return inGroups() ? headsPerGroup() : 1;
    }

    /** Query heads that share a KV head. */
    public int headsPerGroup() {
        return heads / kvHeads;
    }

    /** Attention units that can only go together: one of each KV group, where the unit is a part of a group. */
    public int unitsPerStep() {
        return inGroups() ? 1 : kvHeads;
    }

    /** How many times {@link #unitsPerStep} units there are. The last step always stays. */
    public int attentionSteps() {
        return attentionUnits() / unitsPerStep();
    }

    /**
     * The shape with fewer units.
     *
     * @param attentionSteps steps that stay, at least one
     * @param channels FFN channels that stay
     */
    public LayerShape left(int attentionSteps, int channels) {
        int units = attentionSteps * unitsPerStep();
        return new LayerShape(units * headsPerUnit(), inGroups() ? units : kvHeads, headDim, channels, attentionUnit);
    }

    private boolean inGroups() {
        return attentionUnit == AttentionUnit.KV_GROUP;
    }
}
