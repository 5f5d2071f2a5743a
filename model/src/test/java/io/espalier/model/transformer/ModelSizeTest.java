package io.espalier.model.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.TensorInfo;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.pruning.UnitRounding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected counts are those published for LLM-Pruner. */
class ModelSizeTest {
    private record Llama(int hidden, int vocab, LayerShape layer) {
        static final Llama V1_7B = new Llama(4096, 32000, new LayerShape(32, 32, 128, 11008));
        static final Llama V3_8B = new Llama(4096, 128256, new LayerShape(32, 8, 128, 14336));

        ModelSize dense() {
            return size(IntStream.range(0, 32).mapToObj(l -> layer).toList());
        }

        ModelSize pruned(double ratio, String scope) {
            LayerScope layers = LayerScope.parse(scope, 32);
            UniformAllocation allocation = new UniformAllocation(new UnitRounding(1));
            return size(IntStream.range(0, 32)
                    .mapToObj(l -> layers.contains(l) ? allocation.left(layer, ratio) : layer)
                    .toList());
        }

        private ModelSize size(List<LayerShape> layers) {
            List<TensorInfo> tensors = new ArrayList<>();
            tensors.add(matrix("model.embed_tokens.weight", vocab, hidden));
            tensors.add(matrix("lm_head.weight", vocab, hidden));
            tensors.add(TensorInfo.of("model.norm.weight", DType.F16, hidden));
            int index = 0;
            for (LayerShape shape : layers) {
                String prefix = "model.layers." + index++ + ".";
                tensors.add(matrix(prefix + "self_attn.q_proj.weight", shape.heads() * shape.headDim(), hidden));
                tensors.add(matrix(prefix + "self_attn.k_proj.weight", shape.kvHeads() * shape.headDim(), hidden));
                tensors.add(matrix(prefix + "self_attn.v_proj.weight", shape.kvHeads() * shape.headDim(), hidden));
                tensors.add(matrix(prefix + "self_attn.o_proj.weight", hidden, shape.heads() * shape.headDim()));
                tensors.add(matrix(prefix + "mlp.gate_proj.weight", shape.ffnChannels(), hidden));
                tensors.add(matrix(prefix + "mlp.up_proj.weight", shape.ffnChannels(), hidden));
                tensors.add(matrix(prefix + "mlp.down_proj.weight", hidden, shape.ffnChannels()));
                tensors.add(TensorInfo.of(prefix + "input_layernorm.weight", DType.F16, hidden));
                tensors.add(TensorInfo.of(prefix + "post_attention_layernorm.weight", DType.F16, hidden));
            }
            return ModelSize.of(layout(hidden, vocab, false, layers, tensors), false, tensors, 64);
        }

        private static TensorInfo matrix(String name, int rows, int columns) {
            return TensorInfo.of(name, DType.F16, rows, columns);
        }
    }

    @Test
    void denseModelsHaveTheirPublishedSize() {
        assertThat(Llama.V1_7B.dense().parameters()).isEqualTo(6_738_415_616L);
        assertThat(Llama.V1_7B.dense().macs()).isBetween(423_500_000_000L, 424_500_000_000L);
        assertThat(Llama.V3_8B.dense().parameters()).isEqualTo(8_030_261_248L);
    }

    @ParameterizedTest
    @CsvSource({"0.25, 4:30, 5422977024, 340", "0.60, 3:31, 3350188032, 207"})
    void prunedLlamaHasItsPublishedSize(double ratio, String scope, long parameters, long gigaMacs) {
        ModelSize pruned = Llama.V1_7B.pruned(ratio, scope);

        assertThat(pruned.parameters()).isEqualTo(parameters);
        assertThat(Math.round(pruned.macs() / 1e9)).isEqualTo(gigaMacs);
    }

    @Test
    void prunedByKvGroupLlama3HasItsPublishedSize() {
        assertThat(Llama.V3_8B.pruned(0.25, "4:30").parameters()).isEqualTo(6_612_586_496L);
    }

    @Test
    void aTiedOutputEmbeddingCostsMacsButItsParametersAreCountedOnce() {
        List<LayerShape> layers = List.of(new LayerShape(1, 1, 2, 3));
        TensorInfo embedding = TensorInfo.of("model.embed_tokens.weight", DType.F32, 10, 2);
        TensorInfo output = TensorInfo.of("lm_head.weight", DType.F32, 10, 2);

        ModelSize absent = size(layers, List.of(embedding));
        ModelSize stored = size(layers, List.of(embedding, output));

        assertThat(absent).isEqualTo(stored).isEqualTo(new ModelSize(20, 3 * 20 + 2 * 9 * 2));
    }

    private static ModelSize size(List<LayerShape> layers, List<TensorInfo> tensors) {
        return ModelSize.of(layout(2, 10, true, layers, tensors), true, tensors, 3);
    }

    private static ModelLayout layout(
            int hidden, int vocab, boolean tied, List<LayerShape> layers, List<TensorInfo> tensors) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model_type", "llama").put("hidden_size", hidden).put("vocab_size", vocab);
        json.put("num_hidden_layers", layers.size()).put("tie_word_embeddings", tied);
        ArrayNode perLayer = json.putArray("per_layer_config");
        layers.forEach(shape -> perLayer.addObject()
                .put("num_attention_heads", shape.heads())
                .put("num_key_value_heads", shape.kvHeads())
                .put("head_dim", shape.headDim())
                .put("intermediate_size", shape.ffnChannels()));
        try {
            Path config = Files.writeString(Files.createTempFile("config", ".json"), json.toString());
            Set<String> names = tensors.stream().map(TensorInfo::name).collect(Collectors.toSet());
            return ModelLayout.of(ModelConfig.read(config), names);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theDemoModelIsCounted() {
        try (Checkpoint demo = Checkpoint.open(Path.of("../deploy/demo/llama"))) {
            ModelSize size = ModelSize.of(demo.config(), demo.tensors().values(), 64);

            assertThat(size.parameters()).isEqualTo(3_443_136);
        }
    }
}
