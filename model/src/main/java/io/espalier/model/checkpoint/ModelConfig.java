package io.espalier.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.AttentionUnit;
import io.espalier.model.LayerShape;
import io.espalier.model.file.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model's {@code config.json}, with the keys of transformers 4 or 5.
 *
 * @param modelType such as {@code llama}
 * @param layers shape of each decoder layer, from the config's counts or from {@code per_layer_config}
 * @param rope settings of rotary position embeddings; null for a family without them
 * @param slidingRope the same in layers with a sliding window; null where they are those of all layers
 * @param tied whether the output embedding is the token embedding
 * @param maxPositions longest sequence in tokens; {@link Integer#MAX_VALUE} if it is unlimited
 * @param decoder the keys of the language model, for those that only one family has: all of a config, or what is under {@code
 *     text_config}
 * @param multimodal what is around the language model; null for a language model alone
 */
public record ModelConfig(
        String modelType,
        int hiddenSize,
        int vocabSize,
        List<LayerShape> layers,
        @Nullable Rope rope,
        @Nullable Rope slidingRope,
        double normEpsilon,
        boolean tied,
        int maxPositions,
        @Nullable Integer bosTokenId,
        @Nullable Integer eosTokenId,
        ObjectNode decoder,
        @Nullable Multimodal multimodal) {
    static final String PER_LAYER = "per_layer_config";
    static final String ALIBI_SLOPES = "alibi_slopes";
    private static final String OUTPUT_BIASES = "output_biases";
    private static final long MAX_CONFIG_BYTES = 10_000_000;
    static final int MAX_WIDTH = 1 << 24;
    static final int MAX_POSITIONS = 1 << 30;
    /** PyTorch's own. */
    private static final double LAYER_NORM_EPSILON = 1e-5;

    public ModelConfig {
        layers = List.copyOf(layers);
        decoder = decoder.deepCopy();
    }

    /** @throws EspalierException {@code MODEL_CORRUPT} naming the key, or {@code MODEL_UNSUPPORTED} */
    public static ModelConfig read(Path configJson) {
        return parse(StrictJson.readObject(configJson, MAX_CONFIG_BYTES));
    }

    static ModelConfig parse(ObjectNode written) {
        refuseQuantised(written);
        @Nullable Multimodal multimodal = Multimodal.of(written);
        return parse(multimodal == null ? written : multimodal.text(), multimodal);
    }

    private static void refuseQuantised(ObjectNode json) {
        if (new ConfigReader(json).has("quantization_config")) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED, StoredNames.quantized("config.json: quantization_config"));
        }
    }

    private static ModelConfig parse(ObjectNode decoder, @Nullable Multimodal multimodal) {
        ConfigReader asWritten = new ConfigReader(decoder);
        if (!asWritten.has("model_type")) {
            throw ConfigReader.corrupt("model_type", "missing");
        }
        String modelType = asWritten.textOr("model_type", "");
        FamilyKeys keys = FamilyKeys.of(modelType);
        ObjectNode json = AbsentKeys.filledIn(modelType, keys, decoder);
        ConfigReader config = new ConfigReader(json);
        refuseQuantised(json);
        int hidden = config.size(FamilyKeys.present(config, keys.hidden()), MAX_WIDTH);
        int positions = keys.positions().isEmpty()
                ? Integer.MAX_VALUE
                : config.size(FamilyKeys.present(config, keys.positions()), MAX_POSITIONS);
        RotaryKeys rotary = keys.rotary();
        List<LayerShape> layers = PerLayerConfig.shapes(config, keys, hidden);
        LayerLists.fillIn(modelType, json, layers.size());
        return new ModelConfig(
                modelType,
                hidden,
                config.size("vocab_size", MAX_WIDTH),
                layers,
                rotary == null ? null : Rope.read(config, rotary, positions),
                rotary == null ? null : Rope.readSliding(config, rotary, positions),
                normEpsilon(config, keys),
                multimodal == null ? config.boolOr("tie_word_embeddings", false) : multimodal.saysTied(true),
                positions,
                tokenId(config, "bos_token_id"),
                tokenId(config, "eos_token_id"),
                json,
                multimodal);
    }

    private static double normEpsilon(ConfigReader config, FamilyKeys keys) {
        if (keys.normEpsilon().isEmpty()) {
            return LAYER_NORM_EPSILON;
        }
        String key = FamilyKeys.present(config, keys.normEpsilon());
        double epsilon = config.doubleOr(key, -1);
        if (epsilon < 0) {
            throw ConfigReader.corrupt(key, "must be there and not negative");
        }
        return epsilon;
    }

    /** Some models list several end tokens. The first one ends plain text. */
    private static @Nullable Integer tokenId(ConfigReader config, String key) {
        if (config.json().get(key) instanceof ArrayNode several) {
            JsonNode first = several.get(0);
            return first != null && first.isInt() ? first.intValue() : null;
        }
        return config.has(key) ? config.intOr(key, 0) : null;
    }

    /** @throws EspalierException {@code MODEL_UNSUPPORTED} for a family without rotary position embeddings */
    public Rope rotary() {
        if (rope == null) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED, "config.json: model_type " + modelType + " has no rotary positions");
        }
        return rope;
    }

    /**
     * The settings of a layer.
     *
     * @param sliding whether the layer has a sliding window
     * @throws EspalierException as {@link #rotary()}
     */
    public Rope rotary(boolean sliding) {
        return sliding && slidingRope != null ? slidingRope : rotary();
    }

    @Override
    public ObjectNode decoder() {
        return decoder.deepCopy();
    }

    /** What config.json holds: the keys of the language model, with what is around them in a multimodal model. */
    public ObjectNode json() {
        return around(decoder());
    }

    /** The same with other keys of the language model. */
    ObjectNode around(ObjectNode otherDecoder) {
        return multimodal == null ? otherDecoder : multimodal.around(otherDecoder);
    }

    /** Whether the language model is a part of a multimodal model. */
    public boolean isMultimodal() {
        return multimodal != null;
    }

    /**
     * Whether an output embedding must be stored. A multimodal config may leave it to what is stored whether the token
     * embedding serves as one.
     */
    public boolean needsOutputEmbedding() {
        return multimodal == null ? !tied : multimodal.saysTied(false);
    }

    /** Whether a key is present and not null. */
    public boolean has(String key) {
        return reader().has(key);
    }

    public int intOr(String key, int fallback) {
        return reader().intOr(key, fallback);
    }

    public double doubleOr(String key, double fallback) {
        return reader().doubleOr(key, fallback);
    }

    public boolean boolOr(String key, boolean fallback) {
        return reader().boolOr(key, fallback);
    }

    public String textOr(String key, String fallback) {
        return reader().textOr(key, fallback);
    }

    /**
     * The config of this model for the same shapes.
     *
     * @param reason why every shape is as it was, for people
     */
    public WrittenConfig asItIs(String reason) {
        if (has(PER_LAYER) || outputBiases()) {
            List<List<Double>> slopes = IntStream.range(0, layers.size())
                    .mapToObj(this::alibiSlopes)
                    .toList();
            return withShapes(layers, slopes.contains(List.<Double>of()) ? List.of() : slopes);
        }
        ObjectNode same = decoder();
        // It names Python files of this checkpoint, which are not copied.
        same.remove("auto_map");
        return new WrittenConfig(around(same), Profile.UNIFORM, reason);
    }

    /**
     * The config of this model with other layer shapes.
     *
     * @param shapes one per layer
     */
    public WrittenConfig withShapes(List<LayerShape> shapes) {
        return withShapes(shapes, List.of());
    }

    /**
     * The config of this model with other layer shapes, and with the ALiBi slopes of the heads that are left.
     *
     * @param shapes one per layer
     * @param slopes per layer, one slope per head that is left; empty for a model without ALiBi
     */
    public WrittenConfig withShapes(List<LayerShape> shapes, List<List<Double>> slopes) {
        return ShapedConfig.of(this, shapes, slopes);
    }

    /**
     * The ALiBi slopes of the heads that a pruned layer kept; empty if the config lists none.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} when there is not one number per head
     */
    public List<Double> alibiSlopes(int layer) {
        JsonNode slopes = PerLayerConfig.of(decoder, layer).path(ALIBI_SLOPES);
        if (slopes.isMissingNode()) {
            return List.of();
        }
        List<Double> numbers = new ArrayList<>();
        slopes.forEach(slope -> numbers.add(slope.isNumber() ? slope.doubleValue() : Double.NaN));
        if (numbers.size() != layers.get(layer).heads()
                || numbers.stream().anyMatch(slope -> !Double.isFinite(slope))) {
            throw ConfigReader.corrupt(PER_LAYER, "layer " + layer + ": alibi_slopes must be one number for each head");
        }
        return numbers;
    }

    /**
     * The config of this model with a bias in every attention output projection and every down projection. It uses the
     * family's own keys if there are any. Those of LLaMA, Granite and SmolLM3 give a bias to every linear layer.
     */
    public ModelConfig withOutputBiases() {
        ObjectNode biased = decoder();
        boolean biasedAnyway =
                switch (modelType) {
                    case "opt" -> boolOr("enable_bias", true);
                    case "gpt_neox" -> boolOr("attention_bias", true);
                    case "bloom" -> true;
                    default -> false;
                };
        if (modelType.equals("llama") || modelType.equals("granite") || modelType.equals("smollm3")) {
            biased.put("attention_bias", true).put("mlp_bias", true);
        } else if (!biasedAnyway) {
            biased.put(OUTPUT_BIASES, true);
        }
        return parse(around(biased)).in(layers.get(0).attentionUnit());
    }

    /** The same config for other attention units. */
    public ModelConfig in(AttentionUnit unit) {
        return shaped(layers.stream().map(layer -> layer.in(unit)).toList());
    }

    /**
     * The same config with other layer shapes than its keys have, to lay a model out before it is pruned. {@link #withShapes} gives
     * the keys.
     *
     * @param shapes one per layer
     */
    public ModelConfig shaped(List<LayerShape> shapes) {
        return new ModelConfig(
                modelType,
                hiddenSize,
                vocabSize,
                shapes,
                rope,
                slidingRope,
                normEpsilon,
                tied,
                maxPositions,
                bosTokenId,
                eosTokenId,
                decoder,
                multimodal);
    }

    /**
     * The config of this model with some of its layers. The kept layers are renumbered from 0.
     *
     * @param kept indices of the kept layers, ascending, at least one
     */
    public ModelConfig keepingLayers(List<Integer> kept) {
        return parse(around(FewerLayers.of(this, kept)));
    }

    /**
     * The config of this model with an explicit list of the layers that have a sliding window. Without it the family
     * would derive them from the layer's index.
     *
     * @param slides per layer, whether it has a sliding window
     */
    public ModelConfig withSlidingLayers(List<Boolean> slides) {
        return parse(around(FewerLayers.slidingLayers(this, slides)));
    }

    /** Whether the attention output and down projections have biases that are not part of the family. */
    public boolean outputBiases() {
        return boolOr(OUTPUT_BIASES, false);
    }

    private ConfigReader reader() {
        return new ConfigReader(decoder);
    }
}
