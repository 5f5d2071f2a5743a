package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes new layer shapes into a model's config. It uses the family's own keys if they can express the shapes, and
 * {@code per_layer_config} otherwise.
 */
final class ShapedConfig {
    private final ModelConfig model;
    private final LayerShape shape;
    private final List<List<Double>> slopes;
    private final ObjectNode json;

    private ShapedConfig(ModelConfig model, LayerShape shape, List<List<Double>> slopes) {
        this.model = model;
        this.slopes = slopes;
        this.shape = shape;
        this.json = model.decoder();
        json.remove(ModelConfig.PER_LAYER);
        json.remove("allow_global_per_layer_attribute_access");
        // It names Python files of the checkpoint that was read, which are not copied: no code of a checkpoint is ever
        // run.
        json.remove("auto_map");
        writeOldAndNewKeys();
    }

    static WrittenConfig of(ModelConfig model, List<LayerShape> shapes, List<List<Double>> slopes) {
        if (shapes.size() != model.layers().size()) {
            throw new IllegalArgumentException(
                    shapes.size() + " shapes for " + model.layers().size() + " layers");
        }
        ShapedConfig config = new ShapedConfig(model, shapes.get(0), slopes);
        if (Set.copyOf(shapes).size() > 1) {
            return config.perLayer(shapes, "layers have different shapes");
        }
        if (model.outputBiases()) {
            return config.perLayer(shapes, model.modelType() + " has no words for the biases that compensation added");
        }
        return switch (model.modelType()) {
            case "opt" -> config.wholeHeads(shapes, "ffn_dim");
            case "gpt_neox" -> config.wholeHeads(shapes, "intermediate_size");
            case "bloom" -> config.bloom(shapes);
            case "llama" -> config.llama(shapes);
            case "gemma2", "gemma3_text" -> config.gemma2(shapes);
            case "phi3" -> config.phi3(shapes);
            default -> config.plain("every layer has one shape");
        };
    }

    /**
     * transformers 5.18 refuses a LLaMA whose number of heads does not divide the hidden size, even if {@code head_dim}
     * is given. It accepts the same weights as a Mistral.
     */
    private WrittenConfig llama(List<LayerShape> shapes) {
        if (model.hiddenSize() % shape.heads() == 0) {
            return plain("every layer has one shape");
        }
        if (model.boolOr("attention_bias", false) || model.boolOr("mlp_bias", false)) {
            return perLayer(
                    shapes,
                    "%d heads do not divide hidden size %d, and mistral has no biases"
                            .formatted(shape.heads(), model.hiddenSize()));
        }
        json.put("model_type", "mistral").putNull("sliding_window");
        json.putArray("architectures").add("MistralForCausalLM");
        return plain("every layer has one shape; written as mistral, because transformers refuses llama when %d heads"
                        .formatted(shape.heads())
                + " do not divide hidden size " + model.hiddenSize());
    }

    private WrittenConfig gemma2(List<LayerShape> shapes) {
        if (model.hiddenSize() % shape.heads() == 0) {
            return plain("every layer has one shape");
        }
        return perLayer(
                shapes,
                "transformers refuses %s when %d heads do not divide hidden size %d"
                        .formatted(model.modelType(), shape.heads(), model.hiddenSize()));
    }

    /** Its config class compares the lists of LongRoPE with the head size that hidden size and heads would give. */
    private WrittenConfig phi3(List<LayerShape> shapes) {
        Rope rope = model.rotary();
        int headDim = model.hiddenSize() / shape.heads();
        int derived = (int) (headDim * rope.share()) / 2;
        if (rope.type().equals("longrope") && rope.parameter("short_factor").size() != derived) {
            return perLayer(
                    shapes,
                    "transformers refuses the factors of longrope when %d heads of hidden size %d would have another size"
                            .formatted(shape.heads(), model.hiddenSize()));
        }
        return plain("every layer has one shape");
    }

    private WrittenConfig plain(String reason) {
        json.put("num_hidden_layers", model.layers().size());
        json.put("num_attention_heads", shape.heads());
        json.put("num_key_value_heads", shape.kvHeads());
        json.put("head_dim", shape.headDim());
        json.put("intermediate_size", shape.ffnChannels());
        return new WrittenConfig(model.around(json), Profile.UNIFORM, reason);
    }

    /** A family whose config has no head size. */
    private WrittenConfig wholeHeads(List<LayerShape> shapes, String ffn) {
        if (shape.heads() * shape.headDim() != model.hiddenSize()) {
            return perLayer(
                    shapes,
                    model.modelType() + " derives its head size from the hidden size and cannot have fewer heads");
        }
        json.put("num_attention_heads", shape.heads()).put(ffn, shape.ffnChannels());
        return new WrittenConfig(model.around(json), Profile.UNIFORM, "every layer has one shape and all its heads");
    }

    private WrittenConfig bloom(List<LayerShape> shapes) {
        if (shape.heads() * shape.headDim() != model.hiddenSize() || shape.ffnChannels() != 4 * model.hiddenSize()) {
            return perLayer(shapes, "bloom derives its head size and its FFN width from the hidden size");
        }
        return new WrittenConfig(model.around(json), Profile.UNIFORM, "every layer has its full shape");
    }

    /**
     * What differs in each layer from the whole model's keys, as transformers 5.15 and later have it. The whole model's keys stay
     * those of the dense model; the last key lets code read them that looks at no single layer.
     */
    private WrittenConfig perLayer(List<LayerShape> shapes, String reason) {
        FamilyKeys keys = FamilyKeys.of(model.modelType());
        ConfigReader config = new ConfigReader(json);
        String heads = FamilyKeys.present(config, keys.heads());
        String ffn = keys.ffn().isEmpty() ? "intermediate_size" : FamilyKeys.present(config, keys.ffn());
        LayerShape whole = PerLayerConfig.wholeModel(config, keys, model.hiddenSize());
        ObjectNode layers = json.putObject(ModelConfig.PER_LAYER);
        for (int layer = 0; layer < shapes.size(); layer++) {
            ObjectNode differing = json.objectNode();
            LayerShape own = shapes.get(layer);
            putIfOther(differing, heads, own.heads(), whole.heads());
            putIfOther(differing, "num_key_value_heads", own.kvHeads(), kvHeadsWithout(config, own, whole));
            putIfOther(differing, "head_dim", own.headDim(), whole.headDim());
            putIfOther(differing, ffn, own.ffnChannels(), whole.ffnChannels());
            if (!slopes.isEmpty()) {
                slopes.get(layer).forEach(differing.putArray(ModelConfig.ALIBI_SLOPES)::add);
            }
            if (!differing.isEmpty()) {
                layers.set(Integer.toString(layer), differing);
            }
        }
        json.put("allow_global_per_layer_attribute_access", true);
        if (keys.ffn().isEmpty()) {
            // transformers wants a word for every layer that says nothing of its own.
            json.put(ffn, whole.ffnChannels());
        }
        if (model.isMultimodal()) {
            // transformers makes the config of the text by itself, and refuses what the file allows.
            return new WrittenConfig(model.around(json), Profile.PER_LAYER, reason);
        }
        Map<String, String> code = ModellingFile.nameIn(json, model.modelType());
        return new WrittenConfig(json, Profile.PER_LAYER, reason, code);
    }

    /** KV heads that a reader takes a layer to have which does not say so. */
    private static int kvHeadsWithout(ConfigReader config, LayerShape own, LayerShape whole) {
        return config.has("num_key_value_heads") ? whole.kvHeads() : own.heads();
    }

    private static void putIfOther(ObjectNode differing, String key, int own, int whole) {
        if (own != whole) {
            differing.put(key, own);
        }
    }

    /** Writes the keys of transformers 4 and of transformers 5, because each version reads only its own. */
    private void writeOldAndNewKeys() {
        @Nullable Rope rope = model.rope();
        @Nullable RotaryKeys keys = FamilyKeys.of(model.modelType()).rotary();
        if (rope != null && keys != null) {
            rope.write(json, keys, model.slidingRope());
        }
        String dtype = model.textOr("dtype", model.textOr("torch_dtype", ""));
        if (!dtype.isEmpty()) {
            json.put("dtype", dtype).put("torch_dtype", dtype);
        }
    }
}
