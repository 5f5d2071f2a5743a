package io.espalier.model.importance;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Criteria that use gradients, against their formulas written out in plain double arithmetic. */
class GradientCriteriaTest {
    private static final int LAYER = 1;
    private static final LayerScope MIDDLE = new LayerScope(LAYER, LAYER + 1);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(5, 16, 3);
    private static final List<String> CRITERIA = List.of("gblm", "additive", "output", "product", "taylor", "blend");

    /** Scores of the product's code under the names above. */
    private static final Map<String, UnitScores> SCORES = new TreeMap<>();

    /** W, the norms n and each sample's own gradient, by module. */
    private static final Map<String, double[][]> WEIGHTS = new TreeMap<>();

    private static final Map<String, double[]> NORMS = new TreeMap<>();
    private static final Map<String, List<double[][]>> GRADIENTS = new TreeMap<>();
    private static final Map<String, double[]> OUTPUT_NORMS = new TreeMap<>();
    private static LayerShape shape = new LayerShape(1, 1, 1, 1);

    @BeforeAll
    static void scoreOneLayer(@TempDir Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            InputStatistics statistics = InputStatistics.collect(checkpoint, WINDOWS, MIDDLE, Progress.SILENT);
            new Backprop(checkpoint, WINDOWS, MIDDLE, true)
                    .run(
                            folder.resolve("all"),
                            (layer, weights, gradients) -> score(layer, weights, statistics, gradients),
                            (layer, attention, feedForward) ->
                                    SCORES.putAll(attention.joined(feedForward).sets()),
                            Progress.SILENT);
            for (int i = 0; i < WINDOWS.length; i++) {
                new Backprop(checkpoint, new int[][] {WINDOWS[i]}, MIDDLE, false)
                        .run(
                                folder.resolve("own" + i),
                                GradientCriteriaTest::keep,
                                (layer, attention, feedForward) -> {},
                                Progress.SILENT);
            }
        }
    }

    private static LayerScores score(
            LayerLayout layer, LayerWeights weights, InputStatistics statistics, LayerGradients gradients) {
        shape = layer.shape();
        Map<String, UnitScores> scores = new TreeMap<>();
        for (String name : CRITERIA) {
            Criterion criterion = criterion(name);
            scores.put(
                    name,
                    LayerScorer.score(
                                    List.of(criterion),
                                    new LayerEvidence(layer, weights, 0)
                                            .with(statistics)
                                            .with(gradients))
                            .get(criterion.name()));
        }
        for (Linear linear : gradients.linears()) {
            WEIGHTS.put(linear.module(), matrix(weights.get(linear.weight())));
            NORMS.put(linear.module(), statistics.of(linear).norms());
            OUTPUT_NORMS.put(linear.module(), gradients.outputNorms(linear));
        }
        return new LayerScores(scores);
    }

    private static Criterion criterion(String name) {
        CriterionOptions usual = CriterionOptions.usual();
        return switch (name) {
            case "gblm", "blend" -> Criterion.named(name, usual);
            case "additive" -> Criterion.named("fms", usual.withForm(name).withWeight(30));
            default -> Criterion.named("fms", usual.withForm(name));
        };
    }

    private static LayerLayout keep(LayerLayout layer, LayerWeights weights, LayerGradients gradients) {
        try (Scope scope = Scope.open()) {
            for (Linear linear : gradients.linears()) {
                GRADIENTS
                        .computeIfAbsent(linear.module(), absent -> new ArrayList<>())
                        .add(matrix(gradients.gradient(linear, scope)));
            }
        }
        return layer;
    }

    @Test
    void gblmAddsTheNormOfTheSamplesGradientsToThatOfTheActivations() {
        assertScores("gblm", (module, i, j) -> {
            double squares = 0;
            for (double[][] sample : gradients(module)) {
                squares += 100 * sample[i][j] * 100 * sample[i][j];
            }
            double weight = Math.abs(weight(module)[i][j]);
            return weight * norms(module)[j] + weight * Math.sqrt(squares);
        });
    }

    @Test
    void additiveFmsAddsTheScaledGradientToTheActivations() {
        assertScores(
                "additive",
                (module, i, j) ->
                        Math.abs(weight(module)[i][j]) * (norms(module)[j] + 30 * Math.abs(mean(module, i, j))));
    }

    @Test
    void productAndTaylorFormsOfFmsMultiplyAllThree() {
        Value product = (module, i, j) -> Math.abs(weight(module)[i][j])
                * norms(module)[j]
                / average(norms(module))
                * Math.abs(mean(module, i, j));
        assertScores("product", product);
        assertScores("taylor", product);
    }

    @Test
    void outputFmsWeighsEachRowByTheGradientOfItsOutput() {
        assertScores(
                "output", (module, i, j) -> Math.abs(weight(module)[i][j]) * norms(module)[j] * outputNorms(module)[i]);
    }

    @Test
    void outputNormsAreThoseOfTheOnlyTokenThatPredicts(@TempDir Path folder) {
        // Given two tokens: behind the last layer only the first predicts, so G = dY xᵀ of that token.
        int[][] windows = {{5, 9}};
        LayerScope last = new LayerScope(2, 3);

        // When
        List<double[]> norms = new ArrayList<>();
        List<double[][]> gradients = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA);
                Scope scope = Scope.open()) {
            new Backprop(checkpoint, windows, last, true)
                    .run(
                            folder,
                            (layer, weights, found) -> {
                                Linear down = layer.feedForward().down();
                                if (found.linears().contains(down)) {
                                    norms.add(found.outputNorms(down));
                                    gradients.add(matrix(found.gradient(down, scope)));
                                }
                                return found;
                            },
                            (layer, attention, feedForward) -> {},
                            Progress.SILENT);
        }

        // Then
        double[][] gradient = gradients.get(0);
        double input = Math.sqrt(sumOfSquares(gradient[0])) / norms.get(0)[0];
        for (int i = 0; i < gradient.length; i++) {
            double expected = norms.get(0)[i] * input;
            assertThat(Math.sqrt(sumOfSquares(gradient[i]))).isCloseTo(expected, Offset.offset(1e-4 * expected));
        }
    }

    private static double sumOfSquares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }

    @Test
    void blendWeighsTheScoreThatScattersLessHigher() {
        // Given
        Value element = (module, i, j) -> Math.abs(weight(module)[i][j] * mean(module, i, j));
        UnitScores elements = plainSums(element);
        UnitScores vectors = plainVectorSums((module, i, j) -> weight(module)[i][j] * mean(module, i, j));

        // Then
        assertClose(
                "blend, attention",
                SCORES.get("blend").attention(),
                blended(elements.attention(), vectors.attention()),
                1e-3);
        assertClose("blend, ffn", SCORES.get("blend").ffn(), blended(elements.ffn(), vectors.ffn()), 1e-3);
    }

    @Test
    void aFormThatACriterionDoesNotHaveIsRefusedNamingItsForms() {
        assertFails(
                        ErrorCode.INVALID_ARGUMENT,
                        () -> Criterion.named("taylor", CriterionOptions.usual().withForm("third")))
                .contains("form", "vectorize-unit", "mix");
        assertFails(
                        ErrorCode.INVALID_ARGUMENT,
                        () -> Criterion.named("wanda", CriterionOptions.usual().withForm("mix")))
                .contains("form", "wanda");
    }

    @Test
    void aWeightNoCriterionCanUseIsRefused() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> CriterionOptions.usual().withWeight(Double.NaN))
                .contains("weight");
        assertFails(
                        ErrorCode.INVALID_ARGUMENT,
                        () -> Criterion.named("blend", CriterionOptions.usual().withWeight(1.5)))
                .contains("weight");
        assertThat(new CriterionOptions(1, "", OptionalDouble.of(0.25))
                        .withForm("mix")
                        .weight())
                .hasValue(0.25);
    }

    @Test
    void criteriaThatNeedEachSampleRefuseAnEstimate() {
        GradientSource estimate = (linear, scope) ->
                scope.floats(new float[linear.outputs() * linear.inputs()], linear.outputs(), linear.inputs());
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            InputStatistics statistics = InputStatistics.collect(checkpoint, WINDOWS, MIDDLE, Progress.SILENT);
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> LayerScorer.score(
                                    checkpoint, LAYER, List.of(criterion("gblm")), 0, statistics, estimate))
                    .contains("gradient source", "backprop");
            assertThat(criterion("gblm").needsBackprop()).isTrue();
            assertThat(criterion("output").needsBackprop()).isTrue();
            assertThat(criterion("product").needsBackprop()).isFalse();
        }
    }

    /** S of one weight. */
    @FunctionalInterface
    private interface Value {
        double at(String module, int i, int j);
    }

    private static void assertScores(String name, Value value) {
        UnitScores expected = plainSums(value);
        UnitScores actual = SCORES.get(name);
        assertClose(name + ", attention", actual.attention(), expected.attention(), 1e-4);
        assertClose(name + ", ffn", actual.ffn(), expected.ffn(), 1e-4);
    }

    private static void assertClose(String what, double[] actual, double[] expected, double tolerance) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int unit = 0; unit < actual.length; unit++) {
            assertThat(actual[unit])
                    .as("%s, unit %d", what, unit)
                    .isCloseTo(expected[unit], Offset.offset(tolerance * Math.abs(expected[unit])));
        }
    }

    private static UnitScores plainSums(Value value) {
        return plain((module, lines, columns) -> {
            double sum = 0;
            for (int line : lines) {
                sum += line(module, line, columns, value, true);
            }
            return sum;
        });
    }

    /** |Σ S| of each row or column. */
    private static UnitScores plainVectorSums(Value value) {
        return plain((module, lines, columns) -> {
            double sum = 0;
            for (int line : lines) {
                sum += Math.abs(line(module, line, columns, value, false));
            }
            return sum;
        });
    }

    private static double line(String module, int line, boolean columns, Value value, boolean absolute) {
        double[][] weight = weight(module);
        int length = columns ? weight.length : weight[0].length;
        double sum = 0;
        for (int k = 0; k < length; k++) {
            double s = columns ? value.at(module, k, line) : value.at(module, line, k);
            sum += absolute ? Math.abs(s) : s;
        }
        return sum;
    }

    /** Adds up rows or columns of a module that belong to a unit. */
    @FunctionalInterface
    private interface Lines {
        double sum(String module, int[] lines, boolean columns);
    }

    private static UnitScores plain(Lines of) {
        double[] groups = new double[shape.kvHeads()];
        int group = shape.heads() / shape.kvHeads() * shape.headDim();
        for (int g = 0; g < groups.length; g++) {
            groups[g] = of.sum("self_attn.q_proj", range(g, group), false)
                    + of.sum("self_attn.k_proj", range(g, shape.headDim()), false)
                    + of.sum("self_attn.v_proj", range(g, shape.headDim()), false)
                    + of.sum("self_attn.o_proj", range(g, group), true);
        }
        double[] channels = new double[shape.ffnChannels()];
        for (int c = 0; c < channels.length; c++) {
            channels[c] = of.sum("mlp.gate_proj", range(c, 1), false)
                    + of.sum("mlp.up_proj", range(c, 1), false)
                    + of.sum("mlp.down_proj", range(c, 1), true);
        }
        return new UnitScores(groups, channels);
    }

    private static int[] range(int unit, int width) {
        return java.util.stream.IntStream.range(unit * width, (unit + 1) * width)
                .toArray();
    }

    private static double[] blended(double[] element, double[] vector) {
        double first = relativeVariance(element);
        double second = relativeVariance(vector);
        double a = (1 / first) / (1 / first + 1 / second);
        double[] blended = new double[element.length];
        for (int i = 0; i < blended.length; i++) {
            blended[i] = a * standard(element, i) + (1 - a) * standard(vector, i);
        }
        return blended;
    }

    private static double standard(double[] values, int i) {
        return (values[i] - average(values)) / Math.sqrt(squares(values) / (values.length - 1));
    }

    private static double relativeVariance(double[] values) {
        return squares(values) / values.length / (average(values) * average(values));
    }

    private static double squares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += (value - average(values)) * (value - average(values));
        }
        return sum;
    }

    private static double average(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static double mean(String module, int i, int j) {
        double sum = 0;
        for (double[][] sample : gradients(module)) {
            sum += sample[i][j];
        }
        return sum / WINDOWS.length;
    }

    private static String full(String module) {
        return module.startsWith("model.") ? module : "model.layers." + LAYER + "." + module;
    }

    private static double[][] weight(String module) {
        return WEIGHTS.get(full(module));
    }

    private static double[] norms(String module) {
        return NORMS.get(full(module));
    }

    private static double[] outputNorms(String module) {
        return OUTPUT_NORMS.get(full(module));
    }

    private static List<double[][]> gradients(String module) {
        return GRADIENTS.get(full(module));
    }

    private static double[][] matrix(Tensor tensor) {
        float[] values = tensor.floats();
        double[][] matrix = new double[tensor.dim(0)][tensor.dim(1)];
        for (int i = 0; i < values.length; i++) {
            matrix[i / matrix[0].length][i % matrix[0].length] = values[i];
        }
        return matrix;
    }
}
