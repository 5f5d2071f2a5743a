package io.espalier.model.transformer;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.List;

/**
 * How a checkpoint stores the projections to queries, keys and values. The number of heads is taken from the tensors,
 * because during pruning a layer has fewer heads than its layout says; from the shape only how many share a KV head.
 */
public sealed interface QueryKeyValue {
    /**
     * The queries, keys and values of all heads.
     *
     * @param query [b, h, t, D]
     * @param key [b, k, t, D]
     * @param value [b, k, t, D]
     */
    record Heads(Tensor query, Tensor key, Tensor value) {}

    List<Linear> linears();

    /** @param x normalised hidden states [b, t, d] */
    Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope);

    /**
     * Three matrices.
     *
     * @param query rows: query heads; those of a KV group follow each other
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
     * One matrix with all queries, then all keys, then all values.
     *
     * @param fused rows: query heads, KV heads of the keys, KV heads of the values
     */
    record Stacked(Linear fused) implements QueryKeyValue {
        @Override
        public List<Linear> linears() {
            return List.of(fused);
        }

        @Override
        public Heads heads(Tensor x, LayerShape shape, Linears linears, Scope scope) {
            List<Tensor> parts =
                    new Kernels(scope).splitShares(linears.apply(fused, x, scope), shape.headsPerGroup(), 1, 1);
            return new Heads(
                    split(parts.get(0), shape, scope),
                    split(parts.get(1), shape, scope),
                    split(parts.get(2), shape, scope));
        }
    }

    /**
     * One matrix with query, key and value of the first head, then of the second head, and so on.
     *
     * @param fused rows: heads of 3·D rows each
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
