package io.espalier.model;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A bf16 LLaMA whose layers, 24 MB each, outweigh everything else and say nothing. */
public final class DeepCheckpoint {
    private static final int HIDDEN = 1024;
    private static final int HEADS = 16;
    private static final int VOCABULARY = 160;

    private DeepCheckpoint() {}

    public static void write(Path folder, int layers) {
        write(folder, layers, HIDDEN);
    }

    /** @param hidden d, a multiple of 32; layers take 11.5·d² weights */
    public static void write(Path folder, int layers, int hidden) {
        List<TensorInfo> tensors = tensors(layers, hidden);
        ByteBuffer noise =
                noise((int) tensors.stream().mapToLong(TensorInfo::bytes).max().orElseThrow());
        try (CheckpointWriter writer = CheckpointWriter.create(folder, tensors)) {
            for (TensorInfo tensor : tensors) {
                writer.write(tensor.name(), noise.slice(0, (int) tensor.bytes()));
            }
            writer.writeJson("config.json", config(layers, hidden));
            writer.finish();
        }
    }

    private static List<TensorInfo> tensors(int layers, int hidden) {
        int ffn = hidden / 2 * 5;
        List<TensorInfo> tensors = new ArrayList<>();
        add(tensors, "model.embed_tokens", VOCABULARY, hidden);
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i;
            for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
                add(tensors, layer + ".self_attn." + projection, hidden, hidden);
            }
            add(tensors, layer + ".mlp.gate_proj", ffn, hidden);
            add(tensors, layer + ".mlp.up_proj", ffn, hidden);
            add(tensors, layer + ".mlp.down_proj", hidden, ffn);
            add(tensors, layer + ".input_layernorm", hidden);
            add(tensors, layer + ".post_attention_layernorm", hidden);
        }
        add(tensors, "model.norm", hidden);
        add(tensors, "lm_head", VOCABULARY, hidden);
        return tensors;
    }

    private static void add(List<TensorInfo> tensors, String module, long... shape) {
        tensors.add(TensorInfo.of(module + ".weight", DType.BF16, shape));
    }

    /** bf16 numbers of either sign around 0.02. */
    private static ByteBuffer noise(int bytes) {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer noise = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        while (noise.hasRemaining()) {
            noise.putShort((short) (0x3c80 + random.nextInt(64) | (random.nextBoolean() ? 0x8000 : 0)));
        }
        return noise.flip();
    }

    private static ObjectNode config(int layers, int hidden) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("model_type", "llama")
                .put("hidden_size", hidden)
                .put("intermediate_size", hidden / 2 * 5)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", HEADS)
                .put("vocab_size", VOCABULARY)
                .put("max_position_embeddings", 128)
                .put("rms_norm_eps", 1e-5);
    }
}
