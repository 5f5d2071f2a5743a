package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.file.Digests;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.importance.FeatureMoments;
import io.espalier.model.importance.Flap;
import io.espalier.model.importance.GradientSource;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.importance.LayerScorer;
import io.espalier.model.importance.LayerScores;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every number of every golden folder, within the tolerances its README advises. */
class GoldenTest {
    private static final double LOGIT_TOLERANCE = 5e-5;
    private static final double HIDDEN_TOLERANCE = 1e-4;
    private static final double LOSS_TOLERANCE = 1e-5;
    private static final double STATISTICS_TOLERANCE = 1e-5;
    private static final double SCORE_FLOOR = 1e-9;

    static List<GoldenFolder> families() throws IOException {
        return GoldenFolder.all();
    }

    static List<GoldenFolder> familiesWithScores() throws IOException {
        return GoldenFolder.all().stream()
                .filter(golden -> golden.has("scores.json"))
                .toList();
    }

    static List<GoldenFolder> familiesWithSurgery() throws IOException {
        return GoldenFolder.all().stream()
                .filter(golden -> golden.has("surgery.json"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("families")
    void forwardPassReproducesHiddenStatesLogitsAndLosses(GoldenFolder golden) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            Forward forward = Forward.of(checkpoint, golden.windows());
            for (int layer = 0; layer < forward.hidden().size(); layer++) {
                String name = "hidden_" + layer;
                assertClose(name, forward.hidden().get(layer), golden.expected(name), HIDDEN_TOLERANCE);
            }
            assertClose("logits", forward.logits(), golden.expected("logits"), LOGIT_TOLERANCE);
            assertClose("loss", forward.losses(), golden.expected("loss"), LOSS_TOLERANCE);
            double[] mean = {Arrays.stream(forward.losses()).average().orElseThrow()};
            assertClose("mean_loss", mean, golden.expected("mean_loss"), LOSS_TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void statisticsOfEveryLinearInputAreReproduced(GoldenFolder golden) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            InputStatistics statistics = statistics(checkpoint, golden);

            for (LayerLayout layer : ModelLayout.of(checkpoint).layers()) {
                for (Linear linear : layer.linears()) {
                    FeatureMoments moments = statistics.of(linear);
                    String module = linear.module();
                    assertCloseToLargest("u." + module, moments.squares(), golden);
                    assertCloseToLargest("mean." + module, moments.means(), golden);
                    assertCloseToLargest("var." + module, moments.variances(), golden);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("familiesWithScores")
    void unitScoresOfEveryCriterionAreReproduced(GoldenFolder golden) throws IOException {
        JsonNode expected = golden.json("scores.json").path("scores");
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            InputStatistics statistics = statistics(checkpoint, golden);
            GradientSource gradient = golden.gradients();
            for (int layer = 0; layer < checkpoint.config().layers().size(); layer++) {
                for (GoldenCriterion criterion : GoldenCriterion.ALL) {
                    Map<String, UnitScores> scores = LayerScorer.score(
                            checkpoint, layer, List.of(criterion.criterion()), 0, statistics, gradient);
                    UnitScores actual = scores.get(criterion.criterion().name());
                    String what = "%s, layer %d".formatted(criterion.goldenName(), layer);
                    JsonNode units = expected.path(criterion.goldenName());
                    assertRelative(
                            what, actual.attention(), units.path("attention").path(layer), criterion);
                    assertRelative(what, actual.ffn(), units.path("ffn").path(layer), criterion);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("familiesWithScores")
    void blockInfluenceOfEveryLayerIsReproduced(GoldenFolder golden) throws IOException {
        JsonNode expected = golden.json("scores.json").path("block_influence");
        Criterion criterion = Criterion.named("block-influence", 1);
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            InputStatistics statistics = statistics(checkpoint, golden);

            for (int layer = 0; layer < expected.size(); layer++) {
                Map<String, UnitScores> scores =
                        LayerScorer.score(checkpoint, layer, List.of(criterion), 0, statistics, null);

                assertThat(scores.get("block-influence").ffn()[0])
                        .as("layer %d", layer)
                        .isCloseTo(expected.path(layer).doubleValue(), Offset.offset(1e-5));
            }
        }
    }

    private record GoldenCriterion(String goldenName, Criterion criterion, double relative, double absolute) {
        static final List<GoldenCriterion> ALL = List.of(
                new GoldenCriterion("magnitude-p1", Criterion.named("magnitude", 1), 1e-6),
                new GoldenCriterion("magnitude-p2", Criterion.named("magnitude", 2), 1e-6),
                new GoldenCriterion("wanda", Criterion.named("wanda", 1), 1e-4),
                new GoldenCriterion("wanda-sp", Criterion.named("wanda-sp", 1), 2e-4),
                new GoldenCriterion("flap-raw", new Flap(Flap.Scale.RAW), 2e-4),
                new GoldenCriterion("flap-z", Criterion.named("flap", 1), 0, 1e-4),
                new GoldenCriterion("fms-product", Criterion.named("fms", 1), 1e-4));

        GoldenCriterion(String goldenName, Criterion criterion, double relative) {
            this(goldenName, criterion, relative, SCORE_FLOOR);
        }

        double tolerance(double expected) {
            return relative * Math.abs(expected) + absolute;
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void streamedBackpropGivesTheGradientOfEveryLinearWeight(GoldenFolder golden, @TempDir Path position)
            throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            Map<String, float[]> gradients = new TreeMap<>();

            backprop(checkpoint, golden, false)
                    .run(
                            position,
                            (layer, weights, found) -> {
                                found.linears()
                                        .forEach(linear ->
                                                gradients.put(linear.weight().name(), gradient(found, linear)));
                                return found;
                            },
                            (layer, attention, feedForward) -> {},
                            Progress.SILENT);

            assertThat(gradients).hasSize(linears(checkpoint));
            for (var gradient : gradients.entrySet()) {
                float[] expected = golden.expected("grad." + gradient.getKey());
                double tolerance = 1e-4 * largest(expected) + 1e-6;
                assertClose("grad." + gradient.getKey(), gradient.getValue(), expected, tolerance);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("familiesWithScores")
    void taylorScoresOfStreamedBackpropAreReproduced(GoldenFolder golden, @TempDir Path position) throws IOException {
        JsonNode expected = golden.json("scores.json").path("scores");
        try (Checkpoint checkpoint = Checkpoint.open(golden.folder())) {
            Map<String, List<UnitScores>> actual = new TreeMap<>();

            backprop(checkpoint, golden, true)
                    .run(
                            position,
                            (layer, weights, found) -> {
                                Map<String, UnitScores> half = new TreeMap<>();
                                for (String form : TAYLOR_FORMS) {
                                    Criterion taylor = Criterion.named(
                                            "taylor", CriterionOptions.usual().withForm(form));
                                    half.put(form, taylor.score(new LayerEvidence(layer, weights, 0).with(found)));
                                }
                                return new LayerScores(half);
                            },
                            (layer, attention, feedForward) -> attention
                                    .joined(feedForward)
                                    .sets()
                                    .forEach((form, scores) -> actual.computeIfAbsent(form, absent -> new ArrayList<>())
                                            .add(0, scores)),
                            Progress.SILENT);

            for (String form : TAYLOR_FORMS) {
                JsonNode units = expected.path("taylor-" + form);
                JsonNode first = expected.path("taylor-first");
                for (int layer = 0; layer < actual.get(form).size(); layer++) {
                    UnitScores scores = actual.get(form).get(layer);
                    assertTaylor(form, scores.attention(), "attention", layer, units, first);
                    assertTaylor(form, scores.ffn(), "ffn", layer, units, first);
                }
            }
        }
    }

    private static final List<String> TAYLOR_FORMS = List.of("vectorize", "vectorize-unit", "first", "second", "mix");

    /** Signed sums cancel, so the unit's absolute sum is the measure of their error. */
    private static void assertTaylor(
            String form, double[] actual, String kind, int layer, JsonNode expected, JsonNode first) {
        JsonNode measure = form.startsWith("vectorize") ? first : expected;
        assertThat(actual).hasSize(expected.path(kind).path(layer).size());
        for (int unit = 0; unit < actual.length; unit++) {
            double tolerance = 1e-4 * measure.path(kind).path(layer).path(unit).doubleValue() + SCORE_FLOOR;
            assertThat(actual[unit])
                    .as("taylor-%s, %s, layer %d, unit %d", form, kind, layer, unit)
                    .isCloseTo(expected.path(kind).path(layer).path(unit).doubleValue(), Offset.offset(tolerance));
        }
    }

    private static float[] gradient(GradientSource source, Linear linear) {
        try (Scope scope = Scope.open()) {
            return source.gradient(linear, scope).floats();
        }
    }

    private static Backprop backprop(Checkpoint checkpoint, GoldenFolder golden, boolean squares) throws IOException {
        LayerScope all = LayerScope.parse("all", checkpoint.config().layers().size());
        return new Backprop(checkpoint, golden.windows(), all, squares);
    }

    private static int linears(Checkpoint checkpoint) {
        return ModelLayout.of(checkpoint).layers().stream()
                .mapToInt(layer -> layer.linears().size())
                .sum();
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    @ParameterizedTest
    @MethodSource("familiesWithSurgery")
    void surgeryGivesTheExpectedTensorsAndThePrunedModelTheExpectedLogits(GoldenFolder golden, @TempDir Path out)
            throws IOException {
        JsonNode surgery = golden.json("surgery.json");
        try (Checkpoint dense = Checkpoint.open(golden.folder())) {
            DemoModel.prune(dense, removed(surgery), new int[0][], Compensation.NONE, out);
        }

        try (Checkpoint pruned = Checkpoint.open(out)) {
            for (Map.Entry<String, JsonNode> tensor :
                    surgery.path("pruned_tensors").properties()) {
                TensorInfo info = pruned.tensor(tensor.getKey());
                assertThat(info.shape())
                        .as(tensor.getKey())
                        .isEqualTo(GoldenFolder.longs(tensor.getValue().path("shape")));
                ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes());
                pruned.read(info.name(), bytes);
                assertThat(Digests.sha256(bytes.array()))
                        .as(tensor.getKey())
                        .isEqualTo(tensor.getValue().path("sha256").textValue());
            }
            Forward forward = Forward.of(pruned, golden.windows());
            String file = "expected_pruned.safetensors";
            assertClose("pruned logits", forward.logits(), golden.floats(file, "logits"), LOGIT_TOLERANCE);
            assertClose("pruned loss", forward.losses(), golden.floats(file, "loss"), LOSS_TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("familiesWithSurgery")
    void biasCompensationGivesTheExpectedBiasesAndTheExpectedLogits(GoldenFolder golden, @TempDir Path out)
            throws IOException {
        try (Checkpoint dense = Checkpoint.open(golden.folder())) {
            DemoModel.prune(dense, removed(golden.json("surgery.json")), golden.windows(), Compensation.BIAS, out);
        }

        try (Checkpoint pruned = Checkpoint.open(out);
                Scope scope = Scope.open()) {
            String file = "expected_pruned.safetensors";
            for (LayerLayout layer : ModelLayout.of(pruned).layers()) {
                for (Linear linear :
                        List.of(layer.attention().output(), layer.feedForward().down())) {
                    String bias = linear.module() + ".bias";
                    float[] actual = StoredWeights.read(pruned, bias, scope).floats();
                    // A linear layer that loses nothing is not in the file.
                    float[] expected = golden.has(file, "compensated." + bias)
                            ? golden.floats(file, "compensated." + bias)
                            : new float[actual.length];
                    assertClose(bias, actual, expected, STATISTICS_TOLERANCE * largest(expected));
                }
            }
            Forward forward = Forward.of(pruned, golden.windows());
            float[] last = golden.floats(file, "compensated.logits_last");
            assertClose("last logits", lastPositions(forward.logits(), golden), last, LOGIT_TOLERANCE);
            assertClose("loss", forward.losses(), golden.floats(file, "compensated.loss"), LOSS_TOLERANCE);
        }
    }

    /** [samples, vocabulary] of logits [samples, tokens, vocabulary]. */
    private static float[] lastPositions(float[] logits, GoldenFolder golden) throws IOException {
        int samples = golden.windows().length;
        int tokens = golden.windows()[0].length;
        int vocabulary = logits.length / samples / tokens;
        float[] last = new float[samples * vocabulary];
        for (int sample = 0; sample < samples; sample++) {
            int position = ((sample + 1) * tokens - 1) * vocabulary;
            System.arraycopy(logits, position, last, sample * vocabulary, vocabulary);
        }
        return last;
    }

    private static List<RemovedUnits> removed(JsonNode surgery) {
        List<RemovedUnits> removed = new ArrayList<>();
        for (JsonNode layer : surgery.path("removed")) {
            removed.add(
                    new RemovedUnits(GoldenFolder.ints(layer.path("attention")), GoldenFolder.ints(layer.path("ffn"))));
        }
        return removed;
    }

    private static InputStatistics statistics(Checkpoint checkpoint, GoldenFolder golden) throws IOException {
        LayerScope all = LayerScope.parse("all", checkpoint.config().layers().size());
        return InputStatistics.collect(checkpoint, golden.windows(), all, Progress.SILENT);
    }

    /** Everything a forward pass shows, for windows that fit one chunk. */
    record Forward(List<float[]> hidden, float[] logits, double[] losses) {
        static Forward of(Checkpoint checkpoint, int[][] windows) {
            ModelLayout layout = ModelLayout.of(checkpoint);
            LanguageHead head = new LanguageHead(checkpoint, layout);
            List<float[]> hidden = new ArrayList<>();
            try (Scope scope = Scope.open();
                    LayerStream stream = LayerStream.embedToSum(checkpoint, layout, windows, MemoryBudget.DEFAULT)) {
                hidden.add(stream.chunks().get(0).floats());
                for (LayerLayout layer : layout.layers()) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        stream.through(new DecoderLayer(layer, weights));
                    }
                    hidden.add(stream.chunks().get(0).floats());
                }
                return new Forward(hidden, head.logits(stream, scope).get(0).floats(), head.losses(stream));
            }
        }
    }

    private static void assertRelative(String what, double[] actual, JsonNode expected, GoldenCriterion criterion) {
        assertThat(actual).as(what).hasSize(expected.size());
        for (int unit = 0; unit < actual.length; unit++) {
            double value = expected.path(unit).doubleValue();
            assertThat(actual[unit])
                    .as("%s, unit %d", what, unit)
                    .isCloseTo(value, Offset.offset(criterion.tolerance(value)));
        }
    }

    private static void assertCloseToLargest(String name, double[] actual, GoldenFolder golden) throws IOException {
        float[] expected = golden.expected(name);
        assertClose(name, actual, expected, STATISTICS_TOLERANCE * largest(expected));
    }

    private static void assertClose(String what, float[] actual, float[] expected, double tolerance) {
        double[] wide = new double[actual.length];
        for (int i = 0; i < actual.length; i++) {
            wide[i] = actual[i];
        }
        assertClose(what, wide, expected, tolerance);
    }

    private static void assertClose(String what, double[] actual, float[] expected, double tolerance) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i]))
                    .as("difference of %s at %d", what, i)
                    .isLessThanOrEqualTo(tolerance);
        }
    }
}
