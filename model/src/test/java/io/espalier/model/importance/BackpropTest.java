package io.espalier.model.importance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackpropTest {
    private static final int LAYERS = 3;
    private static final LayerScope ALL = new LayerScope(0, LAYERS);

    @TempDir
    private Path folder;

    private Checkpoint checkpoint;
    private int[][] windows;

    @BeforeEach
    void openModel() {
        checkpoint = Checkpoint.open(Path.of("src/test/resources/golden/llama-gqa"));
        SplittableRandom random = new SplittableRandom(7);
        windows = new int[6][];
        for (int i = 0; i < windows.length; i++) {
            windows[i] = random.ints(12, 4, 160).toArray();
        }
    }

    @AfterEach
    void closeModel() {
        checkpoint.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aSuccessorContinuesWhereTheWorkWasCutOff(long reports) {
        Gradients uncut = new Gradients();
        backprop(ALL, false).run(folder.resolve("uncut"), uncut::add, uncut::visit, Progress.SILENT);
        Gradients first = new Gradients();
        assertThatThrownBy(() ->
                        backprop(ALL, false).run(folder.resolve("cut"), first::add, first::visit, stopAfter(reports)))
                .isInstanceOf(EspalierException.class);

        // When
        Gradients second = new Gradients();
        backprop(ALL, false).run(folder.resolve("cut"), second::add, second::visit, Progress.SILENT);

        // Then
        List<Integer> visited = new ArrayList<>(first.layers);
        visited.addAll(second.layers);
        assertThat(visited).containsExactly(2, 1, 0);
        first.byName.putAll(second.byName);
        assertThat(first.byName).usingRecursiveComparison().isEqualTo(uncut.byName);
    }

    @Test
    void aLayerWhoseVisitorFailedIsVisitedAgain() {
        Backprop backprop = backprop(ALL, false);
        assertThatThrownBy(() -> backprop.run(
                        folder,
                        (layer, weights, gradients) -> layer,
                        (layer, attention, feedForward) -> {
                            throw new EspalierException(ErrorCode.DISK_FULL, "scores: no space left");
                        },
                        Progress.SILENT))
                .isInstanceOf(EspalierException.class);

        // When
        Gradients again = new Gradients();
        backprop.run(folder, again::add, again::visit, Progress.SILENT);

        // Then
        assertThat(again.layers).containsExactly(2, 1, 0);
    }

    @Test
    void layersOutsideTheScopeAreNotVisitedAndTheOthersKeepTheirGradients() {
        Gradients all = new Gradients();
        backprop(ALL, false).run(folder.resolve("all"), all::add, all::visit, Progress.SILENT);

        // When
        Gradients middle = new Gradients();
        backprop(new LayerScope(1, 2), false)
                .run(folder.resolve("middle"), middle::add, middle::visit, Progress.SILENT);

        // Then
        assertThat(middle.layers).containsExactly(1);
        assertThat(middle.byName).hasSize(7);
        middle.byName.forEach((name, values) -> assertThat(values).as(name).isEqualTo(all.byName.get(name)));
    }

    @Test
    void squaredGradientsAreTheMeanOverTheSamplesOwnGradients() {
        Map<String, double[]> expected = new TreeMap<>();
        for (int i = 0; i < windows.length; i++) {
            Gradients own = new Gradients();
            new Backprop(checkpoint, new int[][] {windows[i]}, ALL, false)
                    .run(folder.resolve("own" + i), own::add, own::visit, Progress.SILENT);
            own.byName.forEach((name, values) -> {
                double[] sum = expected.computeIfAbsent(name, absent -> new double[values.length]);
                for (int j = 0; j < sum.length; j++) {
                    sum[j] += (double) values[j] * values[j] / windows.length;
                }
            });
        }

        // When
        Map<String, float[]> squares = new TreeMap<>();
        backprop(ALL, true)
                .run(
                        folder.resolve("all"),
                        (layer, weights, found) -> {
                            found.linears()
                                    .forEach(linear ->
                                            squares.put(linear.weight().name(), squared(found, linear)));
                            return found;
                        },
                        (layer, attention, feedForward) -> {},
                        Progress.SILENT);

        // Then
        assertThat(squares.keySet()).isEqualTo(expected.keySet());
        squares.forEach((name, values) -> {
            double[] reference = expected.get(name);
            double largest = 0;
            for (double value : reference) {
                largest = Math.max(largest, value);
            }
            for (int j = 0; j < values.length; j++) {
                assertThat(Math.abs(values[j] - reference[j])).as(name).isLessThan(1e-4 * largest);
            }
        });
    }

    private Backprop backprop(LayerScope scope, boolean squares) {
        return new Backprop(checkpoint, windows, scope, squares);
    }

    private static Progress stopAfter(long reports) {
        return (unit, done, total, tokens) -> {
            if (done == reports) {
                throw new EspalierException(ErrorCode.CANCELLED, "stopped");
            }
        };
    }

    private static float[] squared(GradientSource source, Linear linear) {
        try (Scope scope = Scope.open()) {
            return source.squaredGradient(linear, scope).floats();
        }
    }

    private static final class Gradients {
        final List<Integer> layers = new ArrayList<>();
        final Map<String, float[]> byName = new TreeMap<>();

        LayerGradients add(LayerLayout layer, LayerWeights weights, LayerGradients gradients) {
            try (Scope scope = Scope.open()) {
                for (Linear linear : gradients.linears()) {
                    byName.put(
                            linear.weight().name(),
                            gradients.gradient(linear, scope).floats());
                }
            }
            return gradients;
        }

        void visit(LayerLayout layer, LayerGradients attention, LayerGradients feedForward) {
            layers.add(layer.index());
        }
    }
}
