package io.espalier.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A golden language model as a part of a multimodal one: beside it stand a vision tower, with layers of its own, and a projector.
 *
 * @param golden the folder of the language model
 * @param modelType of the whole
 * @param decoder what stands before the names of the decoder, which usually begin with {@code model.}
 * @param head what stands before {@code lm_head.weight}
 */
record MultimodalCheckpoint(String golden, String modelType, String decoder, String head) {
    static final List<TensorInfo> BESIDE = List.of(
            TensorInfo.of("vision_tower.vision_model.embeddings.position_ids", DType.I64, 1, 9),
            TensorInfo.of("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.weight", DType.F16, 6, 6),
            TensorInfo.of("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj.bias", DType.F16, 6),
            TensorInfo.of("vision_tower.vision_model.encoder.layers.7.mlp.fc1.weight", DType.F32, 12, 6),
            TensorInfo.of("multi_modal_projector.linear_1.weight", DType.F32, 32, 6));

    /** The name that a tensor of the language model has in the whole. */
    String name(String tensor) {
        return tensor.startsWith("model.") ? decoder + tensor.substring("model.".length()) : head + tensor;
    }

    void write(Path target) {
        Random random = new Random(1);
        try (Checkpoint text = Checkpoint.open(GoldenCheckpoint.of(golden))) {
            List<TensorInfo> tensors = new ArrayList<>(BESIDE);
            text.tensors().values().forEach(tensor -> tensors.add(tensor.named(name(tensor.name()))));
            try (CheckpointWriter writer = CheckpointWriter.create(target, tensors)) {
                for (TensorInfo tensor : BESIDE) {
                    byte[] bytes = new byte[(int) tensor.bytes()];
                    for (int i = 0; i < bytes.length; i++) {
                        // Small enough that no number of any type is infinite.
                        bytes[i] = (byte) random.nextInt(60);
                    }
                    writer.write(tensor.name(), ByteBuffer.wrap(bytes));
                }
                for (TensorInfo tensor : text.tensors().values()) {
                    writer.write(name(tensor.name()), bytes(text, tensor.name()));
                }
                writer.writeJson(Checkpoint.CONFIG, config(text.config().json()));
                writer.finish();
            }
        }
    }

    private ObjectNode config(ObjectNode text) {
        ObjectNode json = text.objectNode().put("model_type", modelType).put("image_token_index", 150);
        json.putObject("vision_config").put("hidden_size", 6).put("num_hidden_layers", 8);
        json.put("auto_map", "modeling.py");
        text.remove(List.of("architectures", "tie_word_embeddings"));
        return json.set("text_config", text);
    }

    static ByteBuffer bytes(Checkpoint checkpoint, String tensor) {
        ByteBuffer bytes = ByteBuffer.allocate((int) checkpoint.tensor(tensor).bytes());
        checkpoint.read(tensor, bytes);
        return bytes.flip();
    }
}
