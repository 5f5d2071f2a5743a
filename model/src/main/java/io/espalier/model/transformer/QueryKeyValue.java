package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;

/**
 * How a checkpoint keeps the projections to queries, keys and values. How many heads there are is seen on the tensors:
 * while a layer is pruned they have fewer than its layout says.
 */
public sealed interface QueryKeyValue {
    /**
     * @param query [b, h, t, D]
     * @param key [b, k, t, D]
     * @param value [b, k, t, D]
     */
    record Heads(Tensor query, Tensor key, Tensor value) {}

    List<Linear> linears();

    /** @param x normalised hidden state [b, t, d] */
    Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope);

    /**
     * Three matrices.
     *
     * @param query rows: query heads, those of a KV group side by side
     * @param key rows: KV heads
     * @param value rows: KV heads
     */
    record Separate(Linear query, Linear key, Linear value) implements QueryKeyValue {
        @Override
        public List<Linear> linears() {
            return List.of(query, key, value);
        }

        @Override
        public Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope) {
            return new Heads(
                    split(linears.apply(query, x, scope), shape, scope),
                    split(linears.apply(key, x, scope), shape, scope),
                    split(linears.apply(value, x, scope), shape, scope));
        }
    }

    /**
     * One matrix: all queries, then all keys, then all values.
     *
     * @param fused rows: query heads, KV heads, KV heads
     */
    record Stacked(Linear fused) implements QueryKeyValue {
        @Override
        public List<Linear> linears() {
            return List.of(fused);
        }

        @Override
        public Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope) {
            List<Tensor> parts =
                    new Kernels(scope).splitShares(linears.apply(fused, x, scope), shape.headsPerUnit(), 1, 1);
            return new Heads(
                    split(parts.get(0), shape, scope),
                    split(parts.get(1), shape, scope),
                    split(parts.get(2), shape, scope));
        }
    }

    /**
     * One matrix: head after head its query, its key and its value.
     *
     * @param fused rows: heads of 3·D
     */
    record Interleaved(Linear fused) implements QueryKeyValue {
        @Override
        public List<Linear> linears() {
            return List.of(fused);
        }

        @Override
        public Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope) {
            List<Tensor> parts = new Kernels(scope).splitInterleaved(linears.apply(fused, x, scope), shape.headDim());
            return new Heads(parts.get(0), parts.get(1), parts.get(2));
        }
    }

    private static Tensor split(Tensor x, LayerShape shape, Scope scope) {
        return new Kernels(scope).splitHeads(x, shape.headDim());
    }
}
