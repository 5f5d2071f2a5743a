package io.espalier.benchmarks.shape;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The shape of a LLaMA model, stored in bf16. */
public enum Shape {
    /** A tiny model for trying the benchmarks out. */
    TINY("tiny", 64, 2, 4, 2, 176, 256),
    LLAMA_30M("llama-30m", 512, 8, 8, 8, 1376, 8192),
    /** The shape of TinyLlama 1.1B. */
    LLAMA_1_1B("1.1b", 2048, 22, 32, 4, 5632, 32000),
    /** The shape of LLaMA 7B. */
    LLAMA_7B("7b", 4096, 32, 32, 32, 11008, 32000);

    private static final int POSITIONS = 2048;

    private final String spelled;
    private final int hidden;
    private final int layers;
    private final int heads;
    private final int kvHeads;
    private final int ffn;
    private final int vocabulary;

    Shape(String spelled, int hidden, int layers, int heads, int kvHeads, int ffn, int vocabulary) {
        this.spelled = spelled;
        this.hidden = hidden;
        this.layers = layers;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.ffn = ffn;
        this.vocabulary = vocabulary;
    }

    /** The name on the command line. */
    public String spelled() {
        return spelled;
    }

    /** L, the number of decoder layers. */
    public int layers() {
        return layers;
    }

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming the known shapes */
    public static Shape named(String name) {
        return Arrays.stream(values())
                .filter(shape -> shape.spelled.equals(name))
                .findFirst()
                .orElseThrow(() -> new EspalierException(
                        ErrorCode.INVALID_ARGUMENT,
                        "--shape: '%s' is unknown; known are %s"
                                .formatted(
                                        name,
                                        Arrays.stream(values())
                                                .map(Shape::spelled)
                                                .collect(Collectors.joining(", ")))));
    }

    /** The bytes of all tensors together. */
    public long bytes() {
        return tensors().stream().mapToLong(TensorInfo::bytes).sum();
    }

    /** All tensors, in the order of LLaMA checkpoints. */
    List<TensorInfo> tensors() {
        List<TensorInfo> tensors = new ArrayList<>();
        int headDim = hidden / heads;
        add(tensors, "model.embed_tokens", vocabulary, hidden);
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i;
            add(tensors, layer + ".self_attn.q_proj", hidden, hidden);
            add(tensors, layer + ".self_attn.k_proj", (long) kvHeads * headDim, hidden);
            add(tensors, layer + ".self_attn.v_proj", (long) kvHeads * headDim, hidden);
            add(tensors, layer + ".self_attn.o_proj", hidden, hidden);
            add(tensors, layer + ".mlp.gate_proj", ffn, hidden);
            add(tensors, layer + ".mlp.up_proj", ffn, hidden);
            add(tensors, layer + ".mlp.down_proj", hidden, ffn);
            add(tensors, layer + ".input_layernorm", hidden);
            add(tensors, layer + ".post_attention_layernorm", hidden);
        }
        add(tensors, "model.norm", hidden);
        add(tensors, "lm_head", vocabulary, hidden);
        return tensors;
    }

    private static void add(List<TensorInfo> tensors, String module, long... shape) {
        tensors.add(TensorInfo.of(module + ".weight", DType.BF16, shape));
    }

    ObjectNode config() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("model_type", "llama")
                .put("hidden_size", hidden)
                .put("intermediate_size", ffn)
                .put("num_hidden_layers", layers)
                .put("num_attention_heads", heads)
                .put("num_key_value_heads", kvHeads)
                .put("vocab_size", vocabulary)
                .put("max_position_embeddings", POSITIONS)
                .put("rms_norm_eps", 1e-5)
                .put("tie_word_embeddings", false)
                .put("torch_dtype", "bfloat16");
    }
}
