package io.espalier.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.LayerShape;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShapedConfigTest {
    @ParameterizedTest
    @CsvSource({
        "llama, 2, 2, 8, uniform, llama",
        "llama, 3, 3, 8, uniform, mistral",
        "llama-gqa, 4, 1, 4, uniform, llama",
        "mistral, 3, 3, 8, uniform, mistral",
        "qwen2, 2, 1, 8, uniform, qwen2",
        "qwen3, 3, 3, 12, uniform, qwen3",
        "gemma, 2, 1, 12, uniform, gemma",
        "gemma2, 2, 1, 12, uniform, gemma2",
        "gemma2, 3, 3, 12, per-layer, gemma2",
        "phi3, 2, 1, 8, uniform, phi3",
        "gemma3, 2, 1, 12, uniform, gemma3_text",
        "gemma3, 3, 3, 12, per-layer, gemma3_text",
        "granite, 3, 3, 8, uniform, granite",
        "smollm3, 3, 3, 8, uniform, smollm3",
        "gpt-neox, 4, 4, 8, uniform, gpt_neox",
        "gpt-neox, 3, 3, 8, per-layer, gpt_neox",
        "opt, 4, 4, 8, uniform, opt",
        "opt, 3, 3, 8, per-layer, opt",
        "bloom, 4, 4, 8, per-layer, bloom",
    })
    void oneShapeForAllLayersIsWrittenWithTheFamilysOwnKeysIfPossible(
            String family, int heads, int kv, int dim, String profile, String writtenAs) {
        ModelConfig dense = ModelConfigTest.family(family);
        List<LayerShape> shapes = Collections.nCopies(3, new LayerShape(heads, kv, dim, 64));

        WrittenConfig written = dense.withShapes(shapes);

        assertThat(written.profile().wireName()).isEqualTo(profile);
        ModelConfig read = ModelConfig.parse(written.json());
        assertThat(read.layers()).isEqualTo(shapes);
        assertThat(read.modelType()).isEqualTo(writtenAs);
        assertThat(read.rope()).isEqualTo(dense.rope());
        assertThat(read.slidingRope()).isEqualTo(dense.slidingRope());
        assertThat(read.tied()).isEqualTo(dense.tied());
    }

    @Test
    void anUnprunedBloomKeepsItsConfig() {
        ModelConfig dense = ModelConfigTest.family("bloom");

        assertThat(dense.withShapes(dense.layers()).profile()).isEqualTo(Profile.UNIFORM);
    }

    @Test
    void differentShapesAreWrittenPerLayer() {
        ModelConfig dense = ModelConfigTest.family("llama-gqa");
        List<LayerShape> shapes =
                List.of(new LayerShape(8, 2, 4, 80), new LayerShape(4, 1, 4, 48), new LayerShape(8, 2, 4, 64));

        WrittenConfig written = dense.withShapes(shapes);

        assertThat(written.profile()).isEqualTo(Profile.PER_LAYER);
        assertThat(written.reason()).contains("different");
        assertThat(ModelConfig.parse(written.json()).layers()).isEqualTo(shapes);
    }

    @Test
    void onePrunedShapeForgetsThePerLayerShapesOfItsSource() {
        ModelConfig dense = ModelConfigTest.family("llama");
        LayerShape small = new LayerShape(2, 2, 8, 32);
        ModelConfig uneven = ModelConfig.parse(dense.withShapes(List.of(small, small, new LayerShape(4, 4, 8, 80)))
                .json());

        WrittenConfig written = uneven.withShapes(Collections.nCopies(3, small));

        assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
        assertThat(ModelConfig.parse(written.json()).layers()).containsOnly(small);
    }

    @Test
    void headsThatDoNotDivideAreWrittenAsMistral() {
        ObjectNode json = ModelConfigTest.family("llama")
                .withShapes(Collections.nCopies(3, new LayerShape(3, 3, 8, 64)))
                .json();

        assertThat(json.get("architectures")).hasToString("[\"MistralForCausalLM\"]");
        assertThat(json.has("sliding_window")).isTrue();
        assertThat(json.get("sliding_window").isNull()).isTrue();
        assertThat(json.get("head_dim").intValue()).isEqualTo(8);
    }

    @Test
    void biasesForbidMistral() {
        ObjectNode biased = ModelConfigTest.family("llama").json().put("attention_bias", true);

        WrittenConfig written =
                ModelConfig.parse(biased).withShapes(Collections.nCopies(3, new LayerShape(3, 3, 8, 64)));

        assertThat(written.profile()).isEqualTo(Profile.PER_LAYER);
        assertThat(written.reason()).contains("3 heads", "bias");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "granite", "smollm3", "gpt-neox", "opt"})
    void outputBiasesAreWrittenWithTheFamilysOwnKeysIfPossible(String family) {
        ModelConfig dense = ModelConfigTest.family(family).withOutputBiases();

        WrittenConfig written = dense.withShapes(dense.layers());

        assertThat(written.profile()).isEqualTo(Profile.UNIFORM);
        ModelConfig read = ModelConfig.parse(written.json());
        assertThat(read.outputBiases()).isFalse();
        boolean likeLlama = !family.equals("opt") && !family.equals("gpt-neox");
        assertThat(read.boolOr("attention_bias", false)).isEqualTo(!family.equals("opt"));
        assertThat(read.boolOr("mlp_bias", false)).isEqualTo(likeLlama);
    }

    @ParameterizedTest
    @CsvSource({"mistral, nothing", "gemma3, nothing", "opt, enable_bias", "gpt-neox, attention_bias"})
    void outputBiasesOfAFamilyWithoutKeysForThemAreWrittenWithTheShapes(String family, String switchedOff) {
        ObjectNode json = ModelConfigTest.family(family).json().put(switchedOff, false);
        ModelConfig dense = ModelConfig.parse(json).withOutputBiases();

        WrittenConfig written = dense.withShapes(dense.layers());

        assertThat(written.profile()).isEqualTo(Profile.PER_LAYER);
        assertThat(written.reason()).contains(dense.modelType(), "biases");
        assertThat(ModelConfig.parse(written.json()).outputBiases()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-gqa"})
    void keysOfOldAndNewTransformersAreWritten(String family) {
        ModelConfig dense = ModelConfigTest.family(family);

        ObjectNode json = dense.withShapes(dense.layers()).json();

        double theta = dense.rotary().theta();
        assertThat(json.get("rope_theta").doubleValue()).isEqualTo(theta);
        assertThat(json.at("/rope_parameters/rope_theta").doubleValue()).isEqualTo(theta);
        assertThat(json.at("/rope_parameters/rope_type").textValue()).isEqualTo("default");
        assertThat(json.get("rope_scaling").isNull()).isTrue();
        assertThat(json.get("dtype")).isEqualTo(json.get("torch_dtype"));
    }

    @ParameterizedTest
    @CsvSource({
        "llama-yarn, rope_type, yarn",
        "llama-dynamic, rope_type, dynamic",
        "phi3-longrope, type, longrope",
    })
    void rotationSurvivesInBothSpellings(String golden, String key, String type) {
        ModelConfig dense = ModelConfigTest.family(golden);

        ObjectNode json = dense.withShapes(dense.layers()).json();

        assertThat(ModelConfig.parse(json).rotary()).isEqualTo(dense.rotary());
        assertThat(json.at("/rope_scaling/" + key).textValue()).isEqualTo(type);
        assertThat(without(json, "rope_parameters").rotary().positions())
                .isEqualTo(dense.rotary().positions());
        assertThat(without(json, "rope_scaling").rotary()).isEqualTo(dense.rotary());
    }

    private static ModelConfig without(ObjectNode json, String key) {
        return ModelConfig.parse(json.deepCopy().without(key));
    }

    @ParameterizedTest
    @CsvSource({
        "phi3-partial, partial_rotary_factor",
        "gpt-neox, rotary_pct",
        "gpt-neox, rotary_emb_base",
        "gemma3, rope_local_base_freq"
    })
    void keysOfAFamilysOwnSurviveInBothSpellings(String golden, String key) {
        ModelConfig dense = ModelConfigTest.family(golden);

        ObjectNode json = dense.withShapes(dense.layers()).json();

        for (ModelConfig read : List.of(without(json, "rope_parameters"), without(json, key))) {
            assertThat(read.rope()).isEqualTo(dense.rope());
            assertThat(read.slidingRope()).isEqualTo(dense.slidingRope());
        }
        assertThat(json.has(key)).isTrue();
    }

    /** Phi-3 in transformers 4 refuses any fourth key, and in 4 and 5 lists of another length than these heads would have. */
    @Test
    void longropeOfPhi3IsWrittenAsItsConfigClassReadsIt() {
        ModelConfig dense = ModelConfigTest.family("phi3-longrope");

        WrittenConfig wide = dense.withShapes(Collections.nCopies(3, new LayerShape(4, 4, 8, 64)));
        WrittenConfig narrow = dense.withShapes(Collections.nCopies(3, new LayerShape(2, 2, 8, 64)));

        assertThat(wide.profile()).isEqualTo(Profile.UNIFORM);
        assertThat(wide.json().path("rope_scaling").properties())
                .extracting(Map.Entry::getKey)
                .containsExactlyInAnyOrder("type", "short_factor", "long_factor");
        assertThat(narrow.profile()).isEqualTo(Profile.PER_LAYER);
        assertThat(narrow.reason()).contains("longrope", "2 heads");
    }

    @Test
    void scaledRotationSurvives() {
        ModelConfig dense = ModelConfigTest.parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", """
                "rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0},
                "vocab_size\""""));

        ObjectNode json = dense.withShapes(dense.layers()).json();

        assertThat(ModelConfig.parse(json).rotary()).isEqualTo(dense.rotary());
        assertThat(json.at("/rope_scaling/rope_type").textValue()).isEqualTo("llama3");
        json.remove("rope_parameters");
        assertThat(ModelConfig.parse(json).rotary()).isEqualTo(dense.rotary());
    }
}
