package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Causal self-attention with rotary positions; several query heads may share a KV head.
 *
 * @param frequencies of the rotary positions
 * @param query rows: query heads, those of a KV group side by side
 * @param key rows: KV heads
 * @param value rows: KV heads
 * @param output columns: query heads
 */
public record Attention(
        LayerShape shape, RotaryFrequencies frequencies, Linear query, Linear key, Linear value, Linear output) {
    /** The linear layers that read the normalised hidden state. */
    public List<Linear> projections() {
        return List.of(query, key, value);
    }

    /**
     * @param x normalised hidden state [b, t, d]
     * @param rotary angles of these t positions
     * @param cache keys and values of the positions before, to which these are added; absent when x starts the text
     * @return what enters the output projection, [b, t, h·D]
     */
    Tensor mix(Tensor x, Linears linears, Rotary rotary, @Nullable KvCache cache, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor q = rotary.apply(heads(query, x, linears, scope), scope);
        Tensor k = rotary.apply(heads(key, x, linears, scope), scope);
        Tensor v = heads(value, x, linears, scope);
        if (cache != null) {
            k = cache.keys().append(k);
            v = cache.values().append(v);
        }
        return kernels.causalAttention(q, k, v, 1 / Math.sqrt(shape.headDim()));
    }

    private Tensor heads(Linear linear, Tensor x, Linears linears, Scope scope) {
        return new Kernels(scope).splitHeads(linears.apply(linear, x, scope), shape.headDim());
    }
}
