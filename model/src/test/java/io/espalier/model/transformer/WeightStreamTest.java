package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.tensor.Computation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightStreamTest {
    @Test
    void layersComeInTheGivenOrderWithTheValuesTheFileHolds() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            List<LayerLayout> layers =
                    new ArrayList<>(ModelLayout.of(checkpoint).layers());
            java.util.Collections.reverse(layers);
            List<Integer> seen = new ArrayList<>();

            // When
            WeightStream.forEach(checkpoint, layers, Computation.EXACT, (layer, weights) -> {
                seen.add(layer.index());
                try (LayerWeights copied = LayerWeights.read(checkpoint, layer)) {
                    for (Parameter parameter : layer.parameters()) {
                        assertThat(weights.get(parameter).floats())
                                .isEqualTo(copied.get(parameter).floats());
                    }
                }
            });

            // Then
            assertThat(seen).containsExactly(2, 1, 0);
        }
    }

    @Test
    void theNextLayersAreReadWithoutOverwritingTheCurrentOne(@TempDir Path folder) {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.BF16, folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();
            List<Integer> seen = new ArrayList<>();

            // When
            WeightStream.forEach(checkpoint, layers, Computation.EXACT, (layer, weights) -> {
                seen.add(layer.index());
                // Reading all layers gives the prefetching thread the time to read the next one.
                for (LayerLayout other : layers) {
                    LayerWeights.read(checkpoint, other).close();
                }
                try (LayerWeights copied = LayerWeights.read(checkpoint, layer)) {
                    for (Parameter parameter : layer.parameters()) {
                        assertThat(weights.get(parameter).floats())
                                .isEqualTo(copied.get(parameter).floats());
                    }
                }
            });

            // Then
            assertThat(seen).containsExactly(0, 1, 2);
        }
    }

    @Test
    void badWeightsOfALayerAreReportedWhenItsTurnComes(@TempDir Path folder) {
        // Given
        String bad = "model.layers.2.mlp.down_proj.weight";
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA, bad, bytes -> bytes.putFloat(40, Float.NEGATIVE_INFINITY), folder);
        List<Integer> seen = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();

            // When
            assertFails(
                            ErrorCode.MODEL_CORRUPT,
                            () -> WeightStream.forEach(
                                    checkpoint, layers, Computation.EXACT, (layer, weights) -> seen.add(layer.index())))
                    .contains(bad);

            // Then
            assertThat(seen).containsExactly(0, 1);
        }
    }

    @Test
    void aFileThatIsCutWhileItsLayersAreReadIsCorruptAndTheWeightsReadBeforeStay(@TempDir Path folder)
            throws IOException {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.F32, folder);
        List<float[]> before = new ArrayList<>();
        List<float[]> after = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                FileChannel file = FileChannel.open(checkpoint.files().get(0), StandardOpenOption.WRITE)) {
            List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();

            // When
            assertFails(
                            ErrorCode.MODEL_CORRUPT,
                            () -> WeightStream.forEach(checkpoint, layers, Computation.EXACT, (layer, weights) -> {
                                layer.parameters()
                                        .forEach(p -> before.add(weights.get(p).floats()));
                                cut(file);
                                layer.parameters()
                                        .forEach(p -> after.add(weights.get(p).floats()));
                            }))
                    .contains("model.safetensors", "cut inside tensor \"model.layers.");
        }

        // Then
        assertThat(before).isNotEmpty();
        assertThat(after).usingRecursiveComparison().isEqualTo(before);
    }

    private static void cut(FileChannel file) {
        try {
            file.truncate(5000);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anExceptionFromTheUserOfALayerReachesTheCaller() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();

            assertThatThrownBy(() -> WeightStream.forEach(checkpoint, layers, Computation.EXACT, (layer, weights) -> {
                        throw new IllegalStateException("at layer " + layer.index());
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("at layer 0");
        }
    }
}
