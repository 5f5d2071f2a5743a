package io.espalier.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.tensor.Scope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gradient with respect to the hidden states after the last layer, with a vocabulary of several blocks. */
class LossGradientTest {
    private static final int HIDDEN = 16;
    private static final int FFN = 8;
    private static final int VOCABULARY = 9000;
    private static final int LENGTH = 5;
    private static final int[][] WINDOWS = {{3, 4095, 4096, 8999, 17}, {8191, 8192, 0, 5000, 1}};
    private static final double STEP = 1e-2;

    private final SplittableRandom random = new SplittableRandom(4);

    @Test
    void lossGradientPredictsHowTheLossChangesWithEachHiddenState(@TempDir Path folder) {
        // Given
        write(folder);
        float[] hidden = values(WINDOWS.length * LENGTH * HIDDEN, 1);
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Scope scope = Scope.open();
                LayerStream stream = at(hidden)) {
            LanguageHead head = new LanguageHead(checkpoint, ModelLayout.of(checkpoint));

            // When
            float[] gradient = head.lossGradient(stream, scope).get(0).floats();

            // Then
            double length = norm(gradient);
            for (int move = 0; move < 5; move++) {
                float[] direction = move == 0 ? scaled(gradient, 1 / length) : values(hidden.length, 0.3);
                double measured =
                        (loss(head, moved(hidden, direction, STEP)) - loss(head, moved(hidden, direction, -STEP)))
                                / (2 * STEP);
                assertThat(measured).isCloseTo(dot(gradient, direction), within(0.01 * length));
            }
            for (int window = 1; window <= WINDOWS.length; window++) {
                int end = window * LENGTH * HIDDEN;
                assertThat(Arrays.copyOfRange(gradient, end - HIDDEN, end))
                        .as("last position, which predicts nothing")
                        .containsOnly(0);
            }
        }
    }

    private static double loss(LanguageHead head, float[] hidden) {
        try (LayerStream stream = at(hidden)) {
            return Arrays.stream(head.losses(stream)).average().orElseThrow();
        }
    }

    private static LayerStream at(float[] hidden) {
        return LayerStream.resumed(
                List.<int[][]>of(WINDOWS), (chunk, scope) -> scope.floats(hidden, WINDOWS.length, LENGTH, HIDDEN));
    }

    private static float[] moved(float[] hidden, float[] direction, double step) {
        float[] moved = hidden.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (float) (step * direction[i]);
        }
        return moved;
    }

    private static float[] scaled(float[] values, double factor) {
        float[] scaled = values.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= (float) factor;
        }
        return scaled;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    private static double norm(float[] values) {
        return Math.sqrt(dot(values, values));
    }

    private float[] values(int count, double size) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (size * (2 * random.nextDouble() - 1));
        }
        return values;
    }

    private void write(Path folder) {
        List<TensorInfo> tensors = new ArrayList<>();
        tensors.add(TensorInfo.of("model.embed_tokens.weight", DType.F32, VOCABULARY, HIDDEN));
        for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
            tensors.add(TensorInfo.of("model.layers.0.self_attn." + projection + ".weight", DType.F32, HIDDEN, HIDDEN));
        }
        tensors.add(TensorInfo.of("model.layers.0.mlp.gate_proj.weight", DType.F32, FFN, HIDDEN));
        tensors.add(TensorInfo.of("model.layers.0.mlp.up_proj.weight", DType.F32, FFN, HIDDEN));
        tensors.add(TensorInfo.of("model.layers.0.mlp.down_proj.weight", DType.F32, HIDDEN, FFN));
        tensors.add(TensorInfo.of("model.layers.0.input_layernorm.weight", DType.F32, HIDDEN));
        tensors.add(TensorInfo.of("model.layers.0.post_attention_layernorm.weight", DType.F32, HIDDEN));
        tensors.add(TensorInfo.of("model.norm.weight", DType.F32, HIDDEN));
        tensors.add(TensorInfo.of("lm_head.weight", DType.F32, VOCABULARY, HIDDEN));
        ObjectNode config = JsonNodeFactory.instance
                .objectNode()
                .put("model_type", "llama")
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", FFN)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 2)
                .put("vocab_size", VOCABULARY)
                .put("max_position_embeddings", 32)
                .put("rms_norm_eps", 1e-5);
        try (CheckpointWriter writer = CheckpointWriter.create(folder, tensors)) {
            for (TensorInfo tensor : tensors) {
                ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(values((int) tensor.elements(), 1.5));
                writer.write(tensor.name(), bytes);
            }
            writer.writeJson("config.json", config);
            writer.finish();
        }
    }
}
