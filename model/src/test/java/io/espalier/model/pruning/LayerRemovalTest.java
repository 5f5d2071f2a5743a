package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LayerRemovalTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(4, 24, 1);

    static Stream<Arguments> modelsAndLayers() throws IOException {
        return GoldenCheckpoint.all().stream()
                .flatMap(model -> Stream.of(Set.of(0), Set.of(1), Set.of(0, 2)).map(gone -> Arguments.of(model, gone)));
    }

    @ParameterizedTest
    @MethodSource("modelsAndLayers")
    void whatIsLeftComputesAsTheDenseModelThatSkipsTheLayers(Path source, Set<Integer> gone, @TempDir Path folder) {
        // Given
        try (Checkpoint dense = Checkpoint.open(source)) {
            // When
            WrittenConfig written = remove(dense, gone, folder);

            // Then
            assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
            assertComputesAsSkipping(dense, gone, folder);
        }
    }

    private static void assertComputesAsSkipping(Checkpoint dense, Set<Integer> gone, Path folder) {
        try (Checkpoint left = Checkpoint.open(folder)) {
            assertThat(left.config().layers()).hasSize(dense.config().layers().size() - gone.size());
            assertThat(logits(left, Set.of())).isEqualTo(logits(dense, gone));
        }
    }

    private static WrittenConfig remove(Checkpoint dense, Set<Integer> gone, Path folder) {
        LayerRemoval removal = new LayerRemoval(dense, gone);
        WrittenConfig written = removal.config();
        try (CheckpointWriter writer = CheckpointWriter.create(folder, removal.tensors())) {
            removal.run(writer, Progress.SILENT);
            writer.writeConfig(written);
            writer.finish();
        }
        return written;
    }

    private static float[] logits(Checkpoint checkpoint, Set<Integer> skipped) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (Scope scope = Scope.open();
                LayerStream stream = LayerStream.embedToSum(checkpoint, layout, WINDOWS, MemoryBudget.DEFAULT)) {
            for (LayerLayout layer : layout.layers()) {
                if (!skipped.contains(layer.index())) {
                    try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                        stream.through(new DecoderLayer(layer, weights));
                    }
                }
            }
            return new LanguageHead(checkpoint, layout)
                    .logits(stream, scope)
                    .get(0)
                    .floats();
        }
    }

    @ParameterizedTest
    @MethodSource("prunedFamilies")
    void layersThatLostUnitsBeforeKeepTheirShapesAndSlopes(String family, @TempDir Path folder) {
        // Given
        RemovedUnits units = new RemovedUnits(new int[] {0}, new int[] {0, 3, 4});
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of(family))) {
            List<RemovedUnits> removed = List.of(RemovedUnits.NONE, RemovedUnits.NONE, units);
            DemoModel.prune(dense, removed, WINDOWS, Compensation.NONE, folder.resolve("pruned"));
        }
        try (Checkpoint pruned = Checkpoint.open(folder.resolve("pruned"))) {
            // When
            WrittenConfig written = remove(pruned, Set.of(0), folder.resolve("left"));

            // Then
            assertThat(written.profile()).isEqualTo(Profile.PER_LAYER);
            assertComputesAsSkipping(pruned, Set.of(0), folder.resolve("left"));
        }
    }

    static Stream<String> prunedFamilies() {
        return Stream.of("llama-gqa", "gemma2", "gemma3", "smollm3", "gpt-neox", "opt", "bloom");
    }

    @Test
    void slidingLayersThatOnlyTheirIndexToldAreNamedAndTheReasonSaysSo(@TempDir Path folder) {
        // Given
        changed("gemma2", json -> json.without("layer_types"), folder.resolve("dense"));
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            WrittenConfig written = remove(dense, Set.of(0), folder.resolve("left"));

            // Then
            assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
            assertThat(written.reason()).contains("gemma2", "layer_types");
            assertComputesAsSkipping(dense, Set.of(0), folder.resolve("left"));
        }
    }

    @Test
    void slidingLayersThatStillAlternateNeedNoNames(@TempDir Path folder) {
        changed("gemma2", json -> json.without("layer_types"), folder.resolve("dense"));
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            WrittenConfig written = remove(dense, Set.of(2), folder.resolve("left"));

            assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
            assertThat(written.json().has("layer_types")).isFalse();
        }
    }

    @Test
    void lowerLayersThatDoNotSlideAreCountedAnew(@TempDir Path folder) {
        // Given
        changed(
                "qwen2",
                json -> json.<ObjectNode>without("layer_types")
                        .put("use_sliding_window", true)
                        .put("sliding_window", 8)
                        .put("max_window_layers", 2),
                folder.resolve("dense"));
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            WrittenConfig written = remove(dense, Set.of(0), folder.resolve("left"));

            // Then
            assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
            assertThat(written.json().path("max_window_layers").intValue()).isEqualTo(1);
            assertComputesAsSkipping(dense, Set.of(0), folder.resolve("left"));
        }
    }

    @Test
    void rulesAboutALayersIndexAreWrittenOut(@TempDir Path folder) {
        // Given
        changed(
                "smollm3",
                json -> json.<ObjectNode>without("no_rope_layers").put("no_rope_layer_interval", 2),
                folder.resolve("smollm3"));
        changed(
                "gemma3",
                json -> json.<ObjectNode>without("layer_types").put("sliding_window_pattern", 2),
                folder.resolve("gemma3"));
        for (Path source : List.of(folder.resolve("smollm3"), folder.resolve("gemma3"))) {
            try (Checkpoint dense = Checkpoint.open(source)) {
                // When
                WrittenConfig written = remove(dense, Set.of(0), source.resolve("left"));

                // Then
                assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
                assertComputesAsSkipping(dense, Set.of(0), source.resolve("left"));
            }
        }
    }

    private static void changed(String family, UnaryOperator<ObjectNode> config, Path target) {
        GoldenCheckpoint.rename(GoldenCheckpoint.of(family), UnaryOperator.identity(), config, target);
    }

    @Test
    void layersThatDoNotExistAndModelsWithoutLayersAreRefused() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            for (Set<Integer> gone : List.of(Set.of(3), Set.of(-1), Set.of(0, 1, 2))) {
                assertFails(ErrorCode.INVALID_ARGUMENT, () -> new LayerRemoval(dense, gone))
                        .contains("removed layers", "0 to 2");
            }
        }
    }
}
