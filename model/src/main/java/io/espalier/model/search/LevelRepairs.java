package io.espalier.model.search;

import io.espalier.model.tensor.Damping;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SearchKernels;
import io.espalier.model.tensor.Tensor;
import java.util.Optional;

/**
 * The output projections of a component at all of its levels, repaired by least squares on the dense model's inputs. The
 * columns are in the order in which they go. One factor of {@code H + λI} serves all levels, so λ comes from the whole
 * diagonal of H, where {@code LeastSquares} takes that of the kept columns.
 */
final class LevelRepairs {
    private final Tensor order;
    private final GramSystem gram;
    private final Scope scope;

    /**
     * @param columns input columns of the output projection in the order in which they go
     * @param scope owns the sums
     */
    LevelRepairs(int[] columns, Scope scope) {
        this.order = scope.positions(columns);
        this.gram = GramSystem.zeros(columns.length, scope);
        this.scope = scope;
    }

    /**
     * Adds calibration tokens.
     *
     * @param x input of the output projection, [b, t, in]
     */
    void add(Tensor x) {
        try (Scope chunk = Scope.open()) {
            add(x, chunk);
        }
    }

    /**
     * Adds calibration tokens.
     *
     * @param x input of the output projection, [b, t, in]
     * @return x with its features in the order of removal, in {@code target}
     */
    Tensor add(Tensor x, Scope target) {
        Tensor ordered = ordered(x, -1, target);
        gram.add(ordered);
        return ordered;
    }

    private Tensor ordered(Tensor x, int dim, Scope target) {
        return new Kernels(target).select(x, dim, order);
    }

    /**
     * Factors the sums; no tokens can be added afterwards.
     *
     * @param weight of the output projection, [out, in], which must stay open
     */
    Levels solved(Tensor weight) {
        SearchKernels kernels = new SearchKernels(scope);
        Tensor system = gram.solvable();
        Optional<Damping> factored = Damping.raise(system, ridge -> kernels.factorized(system, ridge));
        return new Levels(factored.isPresent() ? system : null, ordered(weight, 1, scope));
    }
}
