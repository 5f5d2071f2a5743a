package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelLayoutTest {
    @Test
    void everyTensorOfTheCheckpointIsInTheLayout() {
        try (Checkpoint checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA)) {
            ModelLayout layout = ModelLayout.of(checkpoint);

            assertThat(layout.parameters())
                    .extracting(Parameter::name)
                    .containsExactlyInAnyOrderElementsOf(checkpoint.tensors().keySet());
            LayerLayout layer = layout.layers().get(2);
            assertThat(layer.shape()).isEqualTo(new LayerShape(8, 2, 4, 80));
            assertThat(layer.attention().projections().get(0).weight().rows())
                    .isEqualTo(new Axis(List.of(new Axis.Run(UnitKind.ATTENTION, 2, 16))));
        }
    }

    @Test
    void unknownFamilyIsRefusedNamingTheKnownOnes() {
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> Family.of("mamba")).contains("'mamba'", "llama");
    }

    @Test
    void tensorThatContradictsTheConfigIsNamed(@TempDir Path folder) throws IOException {
        withConfig(folder, config -> config.replace("\"intermediate_size\": 80", "\"intermediate_size\": 88"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelLayout.of(checkpoint))
                    .contains("model.layers.0.mlp.gate_proj.weight", "[80, 32]", "[88, 32]");
        }
    }

    @Test
    void missingTensorThatTheConfigAsksForIsNamed(@TempDir Path folder) throws IOException {
        withConfig(folder, config -> config.replace("\"mlp_bias\": false", "\"mlp_bias\": true"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelLayout.of(checkpoint))
                    .contains("model.layers.0.mlp.gate_proj.bias");
        }
    }

    @Test
    void tensorWithNanWeightsIsNamedWhenItIsRead(@TempDir Path folder) {
        String name = "model.layers.1.self_attn.k_proj.weight";
        GoldenCheckpoint.change(GoldenCheckpoint.LLAMA, name, bytes -> bytes.putFloat(40, Float.NaN), folder);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            LayerLayout layer = ModelLayout.of(checkpoint).layers().get(1);
            assertFails(ErrorCode.MODEL_CORRUPT, () -> LayerWeights.read(checkpoint, layer))
                    .contains(name, "NaN");
        }
    }

    @Test
    void integerWeightsAreRefused(@TempDir Path folder) throws IOException {
        Files.copy(GoldenCheckpoint.LLAMA.resolve("config.json"), folder.resolve("config.json"));
        byte[] weights = Files.readAllBytes(GoldenCheckpoint.LLAMA.resolve("model.safetensors"));
        String latin = new String(weights, java.nio.charset.StandardCharsets.ISO_8859_1);
        Files.write(
                folder.resolve("model.safetensors"),
                latin.replaceFirst("\"F32\"", "\"I32\"").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> ModelLayout.of(checkpoint))
                    .contains(DType.I32.name(), "BF16");
        }
    }

    private static void withConfig(Path folder, UnaryOperator<String> change) throws IOException {
        Files.copy(GoldenCheckpoint.LLAMA.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        String config = Files.readString(GoldenCheckpoint.LLAMA.resolve("config.json"));
        Files.writeString(folder.resolve("config.json"), change.apply(config));
    }
}
