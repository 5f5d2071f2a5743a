package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Greedy removal against its definition: removing the columns R costs
 * {@code J(R) = tr(W_R (H_RR − H_RK H_KK⁻¹ H_KR) W_Rᵀ)}, what the kept columns K cannot make up for.
 */
class ObsTest {
    private static final int LAYER = 1;
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(6, 24, 9);
    private static final Criterion OBS = Criterion.named("obs", 1);

    private static UnitScores scores = new UnitScores(new double[0], new double[0]);
    private static Plain attention = new Plain(new double[0][0], new double[0][0]);
    private static Plain down = new Plain(new double[0][0], new double[0][0]);

    @BeforeAll
    static void scoreOneLayer(@TempDir Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            scores = run(checkpoint, new LayerScope(LAYER, LAYER + 1), folder).get(LAYER);
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(LAYER);
            attention = Plain.of(checkpoint, layer.attention().output());
            down = Plain.of(checkpoint, layer.feedForward().down());
        }
    }

    private static Map<Integer, UnitScores> run(Checkpoint checkpoint, LayerScope scope, Path folder) {
        Map<Integer, UnitScores> found = new TreeMap<>();
        new HessianPass(checkpoint, WINDOWS, scope, MemoryBudget.DEFAULT)
                .run(
                        folder,
                        (layer, weights, hessians) -> found.put(
                                layer.index(),
                                LayerScorer.score(List.of(OBS), new LayerEvidence(layer, weights, 0).with(hessians))
                                        .get("obs")),
                        Progress.SILENT);
        return found;
    }

    @Test
    void headsGoOneByOneTheCheapestBehindThoseGoneFirst() {
        int width = 8;
        List<Integer> order = order(scores.attention());
        NavigableSet<Integer> gone = new TreeSet<>();
        double before = 0;
        for (int head : order) {
            double cost = attention.cost(with(gone, head, width));
            for (int other : order) {
                if (!gone.contains(other * width)) {
                    assertThat(cost).isLessThanOrEqualTo(attention.cost(with(gone, other, width)) * (1 + 1e-6));
                }
            }
            assertThat(scores.attention()[head]).isCloseTo(cost, Offset.offset(1e-4 * cost));
            assertThat(cost).isGreaterThan(before);
            before = cost;
            gone = with(gone, head, width);
        }
    }

    @Test
    void channelsGoInStepsOfTheCheapest() {
        // 4% of 80 channels.
        int step = 3;
        List<Integer> order = order(scores.ffn());
        NavigableSet<Integer> gone = new TreeSet<>();
        for (int start = 0; start < 30; start += step) {
            List<Integer> together = order.subList(start, start + step);
            NavigableSet<Integer> before = gone;
            List<Integer> cheapest = IntStream.range(0, 80)
                    .boxed()
                    .filter(channel -> !before.contains(channel))
                    .sorted(Comparator.comparingDouble(channel -> down.cost(with(before, channel, 1))))
                    .toList();
            assertThat(together).isEqualTo(cheapest.subList(0, step));
            for (int channel : together) {
                gone = with(gone, channel, 1);
            }
            double cost = down.cost(gone);
            assertThat(scores.ffn()[together.get(step - 1)]).isCloseTo(cost, Offset.offset(1e-4 * cost));
        }
    }

    @Test
    void aSuccessorContinuesBehindTheLastLayerThatWasSaved(@TempDir Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            LayerScope all = new LayerScope(0, 3);
            Map<Integer, UnitScores> uncut = run(checkpoint, all, folder.resolve("uncut"));
            HessianPass pass = new HessianPass(checkpoint, WINDOWS, all, MemoryBudget.DEFAULT);
            assertThatThrownBy(() -> pass.run(
                            folder.resolve("cut"), (layer, weights, hessians) -> {}, (unit, done, total, tokens) -> {
                                throw new EspalierException(ErrorCode.CANCELLED, "stopped");
                            }))
                    .isInstanceOf(EspalierException.class);

            // When
            Map<Integer, UnitScores> rest = run(checkpoint, all, folder.resolve("cut"));

            // Then
            assertThat(rest.keySet()).containsExactly(1, 2);
            rest.forEach((layer, found) -> assertThat(found).isEqualTo(uncut.get(layer)));
        }
    }

    @Test
    void dampingIsRaisedAndReportedWhereAHessianIsNotPositiveDefinite() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(LAYER);
            for (float negative : new float[] {0, -0.03f}) {
                try (Scope scope = Scope.open();
                        LayerWeights weights = LayerWeights.read(checkpoint, layer);
                        LayerHessians hessians = LayerHessians.of(layer)) {
                    // Given
                    for (Linear linear : List.of(
                            layer.attention().output(), layer.feedForward().down())) {
                        diagonal(hessians.of(linear).sums(), negative, scope);
                    }

                    // When
                    LayerScores found =
                            LayerScorer.scores(List.of(OBS), new LayerEvidence(layer, weights, 0).with(hessians));

                    // Then
                    assertThat(found.damping()).hasValue(negative < 0 ? 10 : 1);
                    assertThat(Arrays.stream(found.of(OBS).ffn())).allMatch(score -> score > 0);
                    assertThat(ScoreFile.read(ScoreFile.write(found.sets()))).isEqualTo(found.sets());
                }
            }
        }
    }

    /** Ones, but for the first: one that no Gram matrix has, and that 1% of the mean does not lift above zero. */
    private static void diagonal(Tensor hessian, float first, Scope scope) {
        int features = hessian.dim(0);
        float[] rows = new float[features * features];
        for (int i = 0; i < features; i++) {
            rows[i * features + i] = i == 0 ? first : 1;
        }
        new Kernels(scope).addInPlace(hessian, scope.floats(rows, features, features));
    }

    @Test
    void nothingIsSaidOfDampingWhereNoHessianIsLookedAt() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(LAYER);
            try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                LayerScores found = LayerScorer.scores(
                        List.of(Criterion.named("magnitude", 1)), new LayerEvidence(layer, weights, 0));

                assertThat(found.damping()).isEmpty();
            }
        }
    }

    private static List<Integer> order(double[] values) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(unit -> values[unit]))
                .toList();
    }

    private static NavigableSet<Integer> with(NavigableSet<Integer> columns, int unit, int width) {
        NavigableSet<Integer> more = new TreeSet<>(columns);
        IntStream.range(unit * width, (unit + 1) * width).forEach(more::add);
        return more;
    }

    /** W [out, in] and the damped H [in, in] in double precision. */
    private record Plain(double[][] weight, double[][] hessian) {
        static Plain of(Checkpoint checkpoint, Linear linear) {
            List<float[]> inputs = new ArrayList<>();
            ModelLayout layout = ModelLayout.of(checkpoint);
            double[][] weight = new double[linear.outputs()][linear.inputs()];
            try (LayerStream stream = LayerStream.embedToSum(checkpoint, layout, WINDOWS, MemoryBudget.DEFAULT)) {
                for (LayerLayout layer : layout.layers().subList(0, LAYER + 1)) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        stream.throughInTurn(new DecoderLayer(layer, weights), (seen, x) -> {
                            if (seen.equals(linear)) {
                                inputs.add(x.floats());
                            }
                        });
                        if (layer.index() == LAYER) {
                            fill(weight, weights.get(linear.weight()));
                        }
                    }
                }
            }
            return new Plain(weight, damped(inputs, linear.inputs()));
        }

        private static void fill(double[][] weight, Tensor tensor) {
            float[] values = tensor.floats();
            for (int i = 0; i < values.length; i++) {
                weight[i / weight[0].length][i % weight[0].length] = values[i];
            }
        }

        private static double[][] damped(List<float[]> inputs, int features) {
            double[][] hessian = new double[features][features];
            for (float[] rows : inputs) {
                for (int row = 0; row < rows.length; row += features) {
                    for (int i = 0; i < features; i++) {
                        for (int j = 0; j < features; j++) {
                            hessian[i][j] += (double) rows[row + i] * rows[row + j];
                        }
                    }
                }
            }
            double trace = 0;
            for (int i = 0; i < features; i++) {
                trace += hessian[i][i];
            }
            for (int i = 0; i < features; i++) {
                hessian[i][i] += 0.01 * trace / features;
            }
            return hessian;
        }

        double cost(NavigableSet<Integer> removed) {
            List<Integer> order = new ArrayList<>();
            IntStream.range(0, hessian.length).filter(j -> !removed.contains(j)).forEach(order::add);
            int kept = order.size();
            order.addAll(removed);
            double[][] matrix = new double[order.size()][order.size()];
            for (int i = 0; i < matrix.length; i++) {
                for (int j = 0; j < matrix.length; j++) {
                    matrix[i][j] = hessian[order.get(i)][order.get(j)];
                }
            }
            // Gaussian elimination of the kept part leaves the Schur complement in the lower right corner.
            for (int p = 0; p < kept; p++) {
                for (int i = p + 1; i < matrix.length; i++) {
                    double factor = matrix[i][p] / matrix[p][p];
                    for (int j = p; j < matrix.length; j++) {
                        matrix[i][j] -= factor * matrix[p][j];
                    }
                }
            }
            double cost = 0;
            for (double[] row : weight) {
                for (int i = kept; i < matrix.length; i++) {
                    for (int j = kept; j < matrix.length; j++) {
                        cost += row[order.get(i)] * matrix[i][j] * row[order.get(j)];
                    }
                }
            }
            return cost;
        }
    }
}
