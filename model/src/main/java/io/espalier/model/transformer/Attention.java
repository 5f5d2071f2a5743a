package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Causal self-attention; several query heads may share a KV head.
 *
 * @param frequencies of the rotary positions; {@link RotaryFrequencies#NONE} where positions enter otherwise
 * @param projection makes queries, keys and values
 * @param queryNorm over each query head, before its rotation
 * @param keyNorm over each key head, before its rotation
 * @param scores how queries and keys are compared
 * @param output columns: query heads
 */
public record Attention(
        LayerShape shape,
        RotaryFrequencies frequencies,
        QueryKeyValue projection,
        @Nullable Norm queryNorm,
        @Nullable Norm keyNorm,
        AttentionScores scores,
        Linear output) {
    /** Without norms inside. */
    Attention(
            LayerShape shape,
            RotaryFrequencies frequencies,
            QueryKeyValue projection,
            AttentionScores scores,
            Linear output) {
        this(shape, frequencies, projection, null, null, scores, output);
    }

    Attention withNorms(Norm query, Norm key) {
        return new Attention(shape, frequencies, projection, query, key, scores, output);
    }

    Attention withOutput(Linear other) {
        return new Attention(shape, frequencies, projection, queryNorm, keyNorm, scores, other);
    }

    /** To compute with weights of which only these units are left. */
    Attention keeping(int[] units) {
        return new Attention(shape, frequencies, projection, queryNorm, keyNorm, scores.keeping(units), output);
    }

    /** The linear layers that read the normalised hidden state. */
    public List<Linear> projections() {
        return projection.linears();
    }

    /** The norms inside. */
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
     * @param x normalised hidden state [b, t, d]
     * @param weights of the norms
     * @param rotary angles of these t positions
     * @param cache keys and values of the positions before, to which these are added; absent when x starts the text
     * @return what enters the output projection, [b, t, h·D]
     */
    Tensor mix(
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
        return scores.mix(q, k, v, scope);
    }

    private static Tensor normed(@Nullable Norm norm, Tensor heads, Function<Parameter, Tensor> weights, Scope scope) {
        return norm == null ? heads : norm.apply(heads, weights, scope);
    }
}
