package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Causal self-attention. The query heads of a KV group share one KV head.
 *
 * @param rotation rotary position embeddings; null for a layer without them
 * @param projection the projections to queries, keys and values
 * @param queryNorm norm of each query head before its rotation; null for none
 * @param keyNorm norm of each key head before its rotation; null for none
 * @param scores how attention scores are computed
 * @param output the output projection; its columns belong to the query heads
 */
public record Attention(
        LayerShape shape,
        @Nullable Rotation rotation,
        QueryKeyValue projection,
        @Nullable Norm queryNorm,
        @Nullable Norm keyNorm,
        AttentionScores scores,
        Linear output) {
    /** Attention without query and key norms. */
    Attention(
            LayerShape shape,
            @Nullable Rotation rotation,
            QueryKeyValue projection,
            AttentionScores scores,
            Linear output) {
        this(shape, rotation, projection, null, null, scores, output);
    }

    Attention withNorms(Norm query, Norm key) {
        return new Attention(shape, rotation, projection, query, key, scores, output);
    }

    Attention withRotation(@Nullable Rotation other) {
        return new Attention(shape, other, projection, queryNorm, keyNorm, scores, output);
    }

    Attention withOutput(Linear other) {
        return new Attention(shape, rotation, projection, queryNorm, keyNorm, scores, other);
    }

    /** This attention for weights of which only the given attention units are left. */
    Attention keeping(int[] units) {
        LayerShape left = shape.left(units.length / shape.unitsPerStep(), shape.ffnChannels());
        return new Attention(left, rotation, projection, queryNorm, keyNorm, scores.keepingHeads(units), output);
    }

    /** The linear layers that read the normalised hidden states. */
    public List<Linear> projections() {
        return projection.linears();
    }

    /** The query and key norms that exist. */
    List<Norm> norms() {
        List<Norm> norms = new ArrayList<>();
        if (queryNorm != null) {
            norms.add(queryNorm);
        }
        if (keyNorm != null) {
            norms.add(keyNorm);
        }
        return norms;
    }

    /**
     * Computes the concatenated outputs of all heads (Vaswani et al., section 3.2), the input of the output projection.
     *
     * @param x normalised hidden states [b, t, d]
     * @param weights gives the weights of the query and key norms
     * @param rotary angles of these t positions
     * @param cache keys and values of the positions before; those of x are appended. Null when x starts the text.
     * @return [b, t, h·D]
     */
    Tensor headOutputs(
            Tensor x,
            Linears linears,
            Function<Parameter, Tensor> weights,
            Rotary rotary,
            @Nullable KvCache cache,
            Scope scope) {
        QueryKeyValue.Heads heads = projection.heads(x, shape, linears, scope);
        Tensor q = rotary.apply(normed(queryNorm, heads.query(), weights, scope), scope);
        Tensor k = rotary.apply(normed(keyNorm, heads.key(), weights, scope), scope);
        Tensor v = heads.value();
        if (cache != null) {
            k = cache.keys().append(k);
            v = cache.values().append(v);
        }
        return scores.headOutputs(q, k, v, scope);
    }

    private static Tensor normed(@Nullable Norm norm, Tensor heads, Function<Parameter, Tensor> weights, Scope scope) {
        return norm == null ? heads : norm.apply(heads, weights, scope);
    }
}
