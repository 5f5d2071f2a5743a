package io.espalier.model.pruning;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A linear layer that keeps some of its input columns and loses the others.
 *
 * @param weight W, [out, in]
 * @param lostWeight W_R, [out, lost]
 * @param kept positions K, int64
 * @param removed positions R, int64
 */
record LostColumns(Tensor weight, Tensor lostWeight, Tensor kept, Tensor removed) {
    /** @param kept positions that stay, ascending */
    static LostColumns of(Tensor weight, int[] kept, Scope scope) {
        int[] removed = IntStream.range(0, weight.dim(1))
                .filter(column -> Arrays.binarySearch(kept, column) < 0)
                .toArray();
        Kernels kernels = new Kernels(scope);
        return new LostColumns(
                weight, kernels.select(weight, 1, removed), scope.positions(kept), scope.positions(removed));
    }

    /** W_K, [out, kept]. */
    Tensor keptWeight(Scope scope) {
        return new Kernels(scope).select(weight, 1, kept);
    }
}
