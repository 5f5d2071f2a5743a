package io.espalier.model.search;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SearchKernels;
import io.espalier.model.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A component's output projection W with its columns in the order in which they go, and what repairs it.
 *
 * @param system the factor of H + λI; null where all inputs are zero, so that columns are dropped without a repair
 * @param weight W, [out, in]
 */
record Levels(@Nullable Tensor system, Tensor weight) {
    /**
     * How W changes when its first columns go.
     *
     * @return [out, in], with the columns in the order in which they go
     */
    Tensor change(int lost, Scope scope) {
        if (system != null) {
            return new SearchKernels(scope).levelChange(system, weight, lost);
        }
        Kernels kernels = new Kernels(scope);
        return kernels.concatenate(
                List.of(
                        kernels.scaled(kernels.narrow(weight, 1, 0, lost), -1),
                        kernels.zeros(weight.dim(0), weight.dim(1) - lost)),
                1);
    }

    /**
     * The columns that stay, repaired, in their own order.
     *
     * @param columns all columns in the order in which they go
     * @return [out, in − lost]
     */
    Tensor kept(int lost, int[] columns, Scope scope) {
        int[] ascending = IntStream.range(lost, columns.length)
                .boxed()
                .sorted(Comparator.comparingInt(place -> columns[place]))
                .mapToInt(Integer::intValue)
                .toArray();
        try (Tensor change = change(lost, scope)) {
            Kernels kernels = new Kernels(scope);
            kernels.addInPlace(change, weight);
            return kernels.select(change, 1, ascending);
        }
    }
}
