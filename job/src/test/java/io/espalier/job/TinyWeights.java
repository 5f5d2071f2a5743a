package io.espalier.job;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** The smallest checkpoint of a family: two layers, hidden size 8, two heads, eight FFN channels, all weights zero. */
final class TinyWeights {
    static final String CONFIG = """
            {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 2, "head_dim": 4, "intermediate_size": 8, "vocab_size": 16, "rms_norm_eps": 1e-6,
             "rope_theta": 10000.0, "hidden_act": "silu", "max_position_embeddings": 64, "tie_word_embeddings": false}
            """;

    private TinyWeights() {}

    /** As a safetensors file. */
    static byte[] of(String dtype, int bytesPerWeight) {
        StringJoiner header = new StringJoiner(", ", "{\"__metadata__\": {\"format\": \"pt\"}, ", "}");
        int at = 0;
        for (Map.Entry<String, int[]> tensor : shapes().entrySet()) {
            int bytes = bytesPerWeight;
            StringJoiner shape = new StringJoiner(", ");
            for (int size : tensor.getValue()) {
                bytes *= size;
                shape.add(String.valueOf(size));
            }
            header.add("\"%s\": {\"dtype\": \"%s\", \"shape\": [%s], \"data_offsets\": [%d, %d]}"
                    .formatted(tensor.getKey(), dtype, shape, at, at + bytes));
            at += bytes;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + at)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .array();
    }

    /** A shard index that has every second tensor in the one file, the others in the other. */
    static byte[] index(String even, String odd) {
        StringJoiner names = new StringJoiner(", ", "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {", "}}");
        int tensor = 0;
        for (String name : shapes().keySet()) {
            names.add("\"%s\": \"%s\"".formatted(name, tensor++ % 2 == 0 ? even : odd));
        }
        return names.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new int[] {16, 8});
        shapes.put("model.norm.weight", new int[] {8});
        shapes.put("lm_head.weight", new int[] {16, 8});
        for (int layer = 0; layer < 2; layer++) {
            String of = "model.layers." + layer;
            for (String square : new String[] {
                "self_attn.q_proj",
                "self_attn.k_proj",
                "self_attn.v_proj",
                "self_attn.o_proj",
                "mlp.gate_proj",
                "mlp.up_proj",
                "mlp.down_proj"
            }) {
                shapes.put("%s.%s.weight".formatted(of, square), new int[] {8, 8});
            }
            shapes.put(of + ".input_layernorm.weight", new int[] {8});
            shapes.put(of + ".post_attention_layernorm.weight", new int[] {8});
        }
        return shapes;
    }
}
