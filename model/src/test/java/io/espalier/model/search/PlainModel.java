package io.espalier.model.search;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What the search computes, in plain fp64 arithmetic over whole matrices: no unit is cut out, its columns are set to zero.
 * Only the forward pass itself is the product's.
 */
record PlainModel(Checkpoint checkpoint, int[][] windows) {
    /**
     * Log-probabilities of the next token, with some weights replaced.
     *
     * @param replaced weights [out][in] by the name of their tensor
     * @return [windows · (t − 1)][vocabulary]
     */
    double[][] logProbabilities(Map<String, double[][]> replaced) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<double[]> rows = new ArrayList<>();
        try (Scope scope = Scope.open();
                LayerStream stream = LayerStream.embed(checkpoint, layout, windows, MemoryBudget.DEFAULT)) {
            WeightStream.forEach(checkpoint, layout.layers(), Computation.EXACT, (layer, weights) -> {
                for (Linear linear : layer.linears()) {
                    double[][] other = replaced.get(linear.weight().name());
                    if (other != null) {
                        weights.put(linear.weight(), tensor(other, scope));
                    }
                }
                stream.through(new DecoderLayer(layer, weights));
            });
            for (Tensor chunk : new LanguageHead(checkpoint, layout).logits(stream, scope)) {
                float[] values = chunk.floats();
                int vocabulary = chunk.dim(2);
                for (int row = 0; row < chunk.dim(0) * chunk.dim(1); row++) {
                    if (row % chunk.dim(1) < chunk.dim(1) - 1) {
                        rows.add(normalised(values, row * vocabulary, vocabulary));
                    }
                }
            }
        }
        return rows.toArray(double[][]::new);
    }

    private static Tensor tensor(double[][] matrix, Scope scope) {
        float[] flat = new float[matrix.length * matrix[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
        }
        return scope.floats(flat, matrix.length, matrix[0].length);
    }

    private static double[] normalised(float[] logits, int start, int length) {
        double[] row = IntStream.range(start, start + length)
                .mapToDouble(i -> logits[i])
                .toArray();
        double most = Arrays.stream(row).max().orElseThrow();
        double total = Arrays.stream(row).map(logit -> Math.exp(logit - most)).sum();
        return Arrays.stream(row).map(logit -> logit - most - Math.log(total)).toArray();
    }

    /** The mean over all rows of KL(p ‖ q). */
    static double divergence(double[][] p, double[][] q) {
        double sum = 0;
        for (int row = 0; row < p.length; row++) {
            for (int token = 0; token < p[row].length; token++) {
                sum += Math.exp(p[row][token]) * (p[row][token] - q[row][token]);
            }
        }
        return sum / p.length;
    }

    double[][] weight(Linear linear) {
        try (Scope scope = Scope.open()) {
            return rows(StoredWeights.read(checkpoint, linear.weight().name(), scope), linear.inputs());
        }
    }

    private static double[][] rows(Tensor tensor, int width) {
        float[] values = tensor.floats();
        double[][] rows = new double[values.length / width][width];
        for (int i = 0; i < values.length; i++) {
            rows[i / width][i % width] = values[i];
        }
        return rows;
    }

    /** The input of a linear layer in the dense model, [tokens][in]. */
    private double[][] inputs(Linear wanted) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<double[]> inputs = new ArrayList<>();
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows, MemoryBudget.DEFAULT)) {
            WeightStream.forEach(
                    checkpoint,
                    layout.layers(),
                    Computation.EXACT,
                    (layer, weights) -> stream.throughInTurn(new DecoderLayer(layer, weights), (linear, x) -> {
                        if (linear.equals(wanted)) {
                            inputs.addAll(List.of(rows(x, linear.inputs())));
                        }
                    }));
        }
        return inputs.toArray(double[][]::new);
    }

    /**
     * W with the removed columns set to zero and the others repaired by ridge regression: {@code W'_K = W A[:,K] A_KK⁻¹}
     * with {@code A = H + λI} and {@code λ = 0.01·mean(diag H)}.
     */
    double[][] repaired(Linear linear, int[] removed) {
        double[][] weight = weight(linear);
        double[][] a = gram(inputs(linear));
        double ridge = IntStream.range(0, a.length).mapToDouble(i -> a[i][i]).sum() / a.length * 0.01;
        IntStream.range(0, a.length).forEach(i -> a[i][i] += ridge);
        int[] kept = IntStream.range(0, a.length)
                .filter(column -> Arrays.stream(removed).noneMatch(gone -> gone == column))
                .toArray();
        double[][] result = new double[weight.length][a.length];
        for (int row = 0; row < weight.length; row++) {
            double[][] system = new double[kept.length][kept.length + 1];
            for (int i = 0; i < kept.length; i++) {
                for (int j = 0; j < kept.length; j++) {
                    system[i][j] = a[kept[i]][kept[j]];
                }
                for (int j = 0; j < a.length; j++) {
                    system[i][kept.length] += weight[row][j] * a[j][kept[i]];
                }
            }
            double[] solved = solved(system);
            for (int i = 0; i < kept.length; i++) {
                result[row][kept[i]] = solved[i];
            }
        }
        return result;
    }

    private static double[][] gram(double[][] x) {
        double[][] gram = new double[x[0].length][x[0].length];
        for (double[] row : x) {
            for (int i = 0; i < gram.length; i++) {
                for (int j = 0; j < gram.length; j++) {
                    gram[i][j] += row[i] * row[j];
                }
            }
        }
        return gram;
    }

    /** Gaussian elimination of [n][n + 1]; a positive definite system needs no exchange of rows. */
    private static double[] solved(double[][] system) {
        int n = system.length;
        for (int pivot = 0; pivot < n; pivot++) {
            for (int row = pivot + 1; row < n; row++) {
                double factor = system[row][pivot] / system[pivot][pivot];
                for (int column = pivot; column <= n; column++) {
                    system[row][column] -= factor * system[pivot][column];
                }
            }
        }
        double[] solution = new double[n];
        for (int row = n - 1; row >= 0; row--) {
            double right = system[row][n];
            for (int column = row + 1; column < n; column++) {
                right -= system[row][column] * solution[column];
            }
            solution[row] = right / system[row][row];
        }
        return solution;
    }
}
