package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.Backprop;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks against their formulas written out in plain double arithmetic, and what is refused before anything is computed. */
class MaskCriterionTest {
    private static final int LAYER = 1;
    private static final LayerScope MIDDLE = new LayerScope(LAYER, LAYER + 1);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(5, 16, 3);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"2:4", "1:16", "unstructured"})
    void wandaComparesScaledMagnitudesInsideEachRow(String target) {
        SparsityPattern pattern = SparsityPattern.parse(target, 0.37);
        onOneLayer("llama-gqa", evidence -> {
            // When
            Map<Linear, Mask> masks = MaskCriterion.named("wanda").masks(evidence, pattern, LinearChoice.ALL);

            // Then
            assertThat(masks).hasSize(7);
            masks.forEach((linear, mask) -> {
                double[] norms = evidence.inputs(linear).norms();
                ToDoubleFunction<MaskReference.Place> magnitude = magnitude(linear, evidence);
                MaskReference reference = new MaskReference(linear.outputs(), linear.inputs());
                int group = group(target, linear.inputs());
                reference.removeInRows(
                        group, removed(target, group), place -> magnitude.applyAsDouble(place) * norms[place.column()]);
                assertThat(mask).isEqualTo(reference.mask());
            });
        });
    }

    @Test
    void unstructuredMagnitudeComparesTheWholeMatrix() {
        onOneLayer("opt", evidence -> {
            // When
            Map<Linear, Mask> masks = MaskCriterion.named("magnitude")
                    .masks(evidence, new SparsityPattern.Unstructured(0.37), LinearChoice.ALL);

            // Then
            assertThat(masks).hasSize(6);
            masks.forEach((linear, mask) -> {
                MaskReference reference = new MaskReference(linear.outputs(), linear.inputs());
                reference.remove(
                        reference.block(0, linear.outputs(), 0, linear.inputs()),
                        removed("unstructured", linear.outputs() * linear.inputs()),
                        magnitude(linear, evidence));
                assertThat(mask).isEqualTo(reference.mask());
            });
        });
    }

    @Test
    void consecutiveMagnitudesAreComparedInsideEachRow() {
        onOneLayer("bloom", evidence -> {
            // When
            Map<Linear, Mask> masks = MaskCriterion.named("magnitude")
                    .masks(evidence, new SparsityPattern.NofM(4, 8), LinearChoice.parse(List.of("dense_4h_to_h")));

            // Then
            assertThat(masks).hasSize(1);
            masks.forEach((linear, mask) -> {
                MaskReference reference = new MaskReference(linear.outputs(), linear.inputs());
                reference.removeInRows(8, 4, magnitude(linear, evidence));
                assertThat(mask).isEqualTo(reference.mask());
            });
        });
    }

    @Test
    void ofEqualWeightsTheEarlierGo(@TempDir Path flat) {
        // Given
        String changed = "model.layers.1.mlp.down_proj.weight";
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA,
                changed,
                bytes -> {
                    for (int i = 0; i < bytes.limit(); i += Float.BYTES) {
                        bytes.putFloat(i, i % 8 == 0 ? 1 : -1);
                    }
                    return bytes;
                },
                flat);
        try (Checkpoint checkpoint = Checkpoint.open(flat)) {
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(LAYER);
            try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                for (SparsityPattern pattern :
                        List.of(new SparsityPattern.NofM(3, 8), new SparsityPattern.Unstructured(0.3))) {
                    // When
                    Mask mask = MaskCriterion.named("magnitude")
                            .masks(
                                    new LayerEvidence(layer, weights, 0),
                                    pattern,
                                    LinearChoice.parse(List.of(changed.replace(".weight", ""))))
                            .get(layer.feedForward().down());

                    // Then
                    MaskReference reference = new MaskReference(mask.rows(), mask.columns());
                    if (pattern instanceof SparsityPattern.NofM) {
                        reference.removeInRows(8, 5, place -> 1);
                    } else {
                        reference.remove(
                                reference.block(0, mask.rows(), 0, mask.columns()),
                                (int) (mask.total() * 3 / 10),
                                place -> 1);
                    }
                    assertThat(mask).isEqualTo(reference.mask());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2:4", "unstructured"})
    void gblmAddsTheRootOfEachSamplesSquaredGradients(String target) {
        SparsityPattern pattern = SparsityPattern.parse(target, 0.37);
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            InputStatistics statistics = InputStatistics.collect(checkpoint, WINDOWS, MIDDLE, Progress.SILENT);
            new Backprop(checkpoint, WINDOWS, MIDDLE, true)
                    .<Map<Linear, Mask>>run(
                            folder,
                            (layer, weights, gradients) -> {
                                LayerEvidence evidence = new LayerEvidence(layer, weights, 0)
                                        .with(statistics)
                                        .with(gradients);

                                // When
                                Map<Linear, Mask> masks =
                                        MaskCriterion.named("gblm").masks(evidence, pattern, LinearChoice.MLP);

                                // Then
                                masks.forEach((linear, mask) -> assertThat(mask)
                                        .isEqualTo(
                                                gblm(target, linear, evidence).mask()));
                                return masks;
                            },
                            (layer, attention, feedForward) -> {
                                assertThat(attention).isEmpty();
                                assertThat(feedForward).hasSize(3);
                            },
                            Progress.SILENT);
        }
    }

    private static MaskReference gblm(String target, Linear linear, LayerEvidence evidence) {
        try (Scope scope = Scope.open()) {
            float[] squares = evidence.squaredGradient(linear, scope).floats();
            double[] norms = evidence.inputs(linear).norms();
            ToDoubleFunction<MaskReference.Place> magnitude = magnitude(linear, evidence);
            int group = group(target, linear.inputs());
            MaskReference reference = new MaskReference(linear.outputs(), linear.inputs());
            reference.removeInRows(group, removed(target, group), place -> {
                double sum = WINDOWS.length * (double) squares[place.row() * linear.inputs() + place.column()];
                return magnitude.applyAsDouble(place) * (norms[place.column()] + Math.sqrt(1e4 * sum));
            });
            return reference;
        }
    }

    private static ToDoubleFunction<MaskReference.Place> magnitude(Linear linear, LayerEvidence evidence) {
        float[] weight = evidence.weight(linear).floats();
        return place -> Math.abs((double) weight[place.row() * linear.inputs() + place.column()]);
    }

    private static int group(String target, int length) {
        return target.equals("unstructured") ? length : Integer.parseInt(target.replaceAll(".*:", ""));
    }

    /** Of the patterns above, at a share of 0.37. */
    private static int removed(String target, int compared) {
        return switch (target) {
            case "2:4" -> 2;
            case "1:16" -> 15;
            default -> compared * 37 / 100;
        };
    }

    private static void onOneLayer(String family, Consumer<LayerEvidence> test) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.of(family))) {
            InputStatistics statistics = InputStatistics.collect(checkpoint, WINDOWS, MIDDLE, Progress.SILENT);
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(LAYER);
            try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                test.accept(new LayerEvidence(layer, weights, 0).with(statistics));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            opt       | dass      | 2:4  | mlp       | criterion: dass needs a gated MLP, which opt has not
            llama     | dass      | 2:4  | all       | linears: dass leaves the attention dense
            llama     | dass      | 2:4  | o_proj    | linears: dass leaves the attention dense
            llama     | dass      | 1:3  | gate_proj | model.layers.0.mlp.gate_proj.weight has 80 FFN channels
            phi3      | dass      | 5:32 | mlp       | gate_up_proj.weight has 80 FFN channels
            llama     | dass      | 1:3  | down_proj | model.layers.0.mlp.down_proj.weight has 80 input features
            llama     | wanda     | 1:3  | mlp       | model.layers.0.mlp.gate_proj.weight has 32 input features
            opt       | magnitude | 1:3  | attention | q_proj.weight has 32 input features
            bloom     | gblm      | 2:4  | down_proj | linears: 'down_proj' fits no linear layer; bloom has
            """)
    void whatARuleCannotPruneIsRefusedBeforeAnythingIsComputed(
            String family, String criterion, String target, String linears, String message) {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.of(family))) {
            ModelLayout model = ModelLayout.of(checkpoint);
            SparsityPattern pattern = SparsityPattern.parse(target, 0);
            LinearChoice choice = LinearChoice.parse(List.of(linears));
            assertFails(ErrorCode.INVALID_ARGUMENT, () -> MaskCriterion.named(criterion)
                            .check(model, pattern, choice))
                    .contains(message);
        }
    }

    @Test
    void everyRuleAcceptsItsUsualLinearLayers() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.of("phi3"))) {
            ModelLayout model = ModelLayout.of(checkpoint);
            for (MaskCriterion criterion : MaskCriterion.all()) {
                criterion.check(model, new SparsityPattern.NofM(2, 4), criterion.usualLinears());
                assertThat(MaskCriterion.named(criterion.name())).isEqualTo(criterion);
            }
        }
    }

    @Test
    void unknownRuleIsRefusedWithTheKnownOnes() {
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> MaskCriterion.named("flap"))
                .startsWith("criterion: 'flap'")
                .contains("dass, wanda, magnitude, gblm");
    }
}
