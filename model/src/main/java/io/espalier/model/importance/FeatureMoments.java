package io.espalier.model.importance;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.Arrays;

/**
 * Sums over all calibration tokens of the input X [tokens, in] of a linear layer, in fp64.
 *
 * @param tokens number of rows of X
 * @param sums Σ X[:, j], [in]
 * @param squares u_j = Σ X[:, j]², [in]
 */
public record FeatureMoments(long tokens, double[] sums, double[] squares) {
    public FeatureMoments {
        sums = sums.clone();
        squares = squares.clone();
    }

    /**
     * Sums over all rows of x.
     *
     * @param x [.., in]
     */
    public static FeatureMoments of(Tensor x) {
        try (Scope scope = Scope.open()) {
            int features = x.dim(-1);
            return of(new Kernels(scope).moments(x), features, x.elements() / features);
        }
    }

    static FeatureMoments of(double[] sumsThenSquares, int features, long tokens) {
        return new FeatureMoments(
                tokens,
                Arrays.copyOf(sumsThenSquares, features),
                Arrays.copyOfRange(sumsThenSquares, features, 2 * features));
    }

    @Override
    public double[] sums() {
        return sums.clone();
    }

    @Override
    public double[] squares() {
        return squares.clone();
    }

    /** The L2 norm of each feature over all tokens, n_j = √u_j: [in]. */
    public double[] norms() {
        return Arrays.stream(squares).map(Math::sqrt).toArray();
    }

    /** The mean of each feature over all tokens: [in]. */
    public double[] means() {
        return Arrays.stream(sums).map(sum -> sum / tokens).toArray();
    }

    /** The population variance of each feature over all tokens: [in]. */
    public double[] variances() {
        double[] variances = new double[sums.length];
        for (int j = 0; j < variances.length; j++) {
            double mean = sums[j] / tokens;
            variances[j] = Math.max(0, squares[j] / tokens - mean * mean);
        }
        return variances;
    }

    /** The moments over the tokens of both. */
    public FeatureMoments plus(FeatureMoments more) {
        double[] moreSums = sums.clone();
        double[] moreSquares = squares.clone();
        for (int j = 0; j < moreSums.length; j++) {
            moreSums[j] += more.sums[j];
            moreSquares[j] += more.squares[j];
        }
        return new FeatureMoments(tokens + more.tokens, moreSums, moreSquares);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureMoments that
                && tokens == that.tokens
                && Arrays.equals(sums, that.sums)
                && Arrays.equals(squares, that.squares);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(sums) + Arrays.hashCode(squares);
    }
}
