package io.espalier.model.export;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.ModelConfig;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.file.Resource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The config of vLLM's {@code DeciLMForCausalLM}: a LLaMA whose layers have their own FFN widths and numbers of KV heads, and all
 * the same number of query heads. It comes with a small Python file for the class of the config.
 */
final class DeciConfig {
    private static final String FILE = "configuration_decilm.py";

    private DeciConfig() {}

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} naming what the config cannot say */
    static WrittenConfig of(ModelConfig model) {
        refusal(model).ifPresent(reason -> {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "%s: deci has no words for it: %s".formatted(model.modelType(), reason));
        });
        LayerShape first = model.layers().get(0);
        ObjectNode json = model.withShapes(model.layers()).json();
        json.remove("per_layer_config");
        json.remove("allow_global_per_layer_attribute_access");
        json.put("model_type", "nemotron-nas").put("head_dim", first.headDim());
        json.put("num_attention_heads", first.heads()).put("num_key_value_heads", first.kvHeads());
        json.putArray("architectures").add("DeciLMForCausalLM");
        json.putObject("auto_map").put("AutoConfig", "configuration_decilm.DeciLMConfig");
        ArrayNode blocks = json.putArray("block_configs");
        for (LayerShape layer : model.layers()) {
            ObjectNode block = blocks.addObject();
            block.putObject("attention").put("no_op", false).put("n_heads_in_group", layer.headsPerGroup());
            block.putObject("ffn").put("no_op", false).put("intermediate_size", layer.ffnChannels());
        }
        return new WrittenConfig(
                json,
                Profile.DECI,
                "for vLLM's DeciLMForCausalLM",
                Map.of(FILE, Resource.text(DeciConfig.class, FILE)));
    }

    private static Optional<String> refusal(ModelConfig model) {
        List<LayerShape> layers = model.layers();
        if (!model.modelType().equals("llama") && !model.modelType().equals("mistral")) {
            return Optional.of("only llama and mistral are read as such");
        }
        if (model.has("sliding_window")) {
            return Optional.of("its layers attend within a window");
        }
        if (model.outputBiases()) {
            return Optional.of("compensation bias gave its output projections biases");
        }
        for (int layer = 1; layer < layers.size(); layer++) {
            if (layers.get(layer).heads() != layers.get(0).heads()) {
                return Optional.of(
                        "layer %d has %d query heads and layer 0 has %d; prune with only: mlp, or the same share of every layer"
                                .formatted(
                                        layer,
                                        layers.get(layer).heads(),
                                        layers.get(0).heads()));
            }
        }
        return Optional.empty();
    }
}
