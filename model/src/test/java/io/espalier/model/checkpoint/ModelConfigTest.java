package io.espalier.model.checkpoint;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {
    @TempDir
    Path folder;

    static ModelConfig family(String name) {
        return ModelConfig.read(GoldenCheckpoint.of(name).resolve("config.json"));
    }

    @ParameterizedTest
    @CsvSource({
        "llama, 32, 4, 4, 8, 80, 10000, 1e-5, false",
        "llama-gqa, 32, 8, 2, 4, 80, 50000, 1e-6, false",
        "mistral, 32, 4, 2, 8, 88, 10000, 1e-5, false",
        "qwen2, 32, 4, 2, 8, 80, 1000000, 1e-6, true",
        "qwen3, 32, 4, 2, 12, 88, 1000000, 1e-6, false",
        "gemma, 32, 4, 2, 12, 80, 10000, 1e-6, true",
        "gemma2, 32, 4, 2, 12, 80, 10000, 1e-6, true",
        "phi3, 32, 4, 2, 8, 80, 10000, 1e-5, false",
        "gemma3, 32, 4, 2, 12, 80, 1000000, 1e-6, true",
        "granite, 32, 4, 2, 8, 80, 10000, 1e-5, true",
        "smollm3, 32, 4, 2, 8, 80, 50000, 1e-6, true",
        "gpt-neox, 32, 4, 4, 8, 96, 10000, 1e-5, false",
    })
    void readsARotaryFamily(
            String name, int hidden, int heads, int kv, int dim, int ffn, double theta, double epsilon, boolean tied) {
        ModelConfig config = family(name);

        assertThat(config.layers()).isEqualTo(Collections.nCopies(3, new LayerShape(heads, kv, dim, ffn)));
        assertThat(config.hiddenSize()).isEqualTo(hidden);
        assertThat(config.vocabSize()).isEqualTo(160);
        assertThat(config.maxPositions()).isEqualTo(64);
        assertThat(config.rotary().theta()).isEqualTo(theta);
        assertThat(config.rotary().type()).isEqualTo("default");
        assertThat(config.normEpsilon()).isEqualTo(epsilon);
        assertThat(config.tied()).isEqualTo(tied);
        assertThat(config.bosTokenId()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"opt, 32, 4, 8, 96, 64", "bloom, 32, 4, 8, 128, 2147483647", "bloom-h6, 36, 6, 6, 144, 2147483647"})
    void readsAFamilyWithoutRotation(String name, int hidden, int heads, int dim, int ffn, int positions) {
        ModelConfig config = family(name);

        assertThat(config.layers()).isEqualTo(Collections.nCopies(3, new LayerShape(heads, heads, dim, ffn)));
        assertThat(config.hiddenSize()).isEqualTo(hidden);
        assertThat(config.maxPositions()).isEqualTo(positions);
        assertThat(config.tied()).isTrue();
        assertFails(ErrorCode.MODEL_UNSUPPORTED, config::rotary).contains("rotary");
    }

    @Test
    void readsBloomInItsFirstSpelling() {
        ModelConfig config = parse("""
                {"model_type":"bloom","n_embed":64,"num_attention_heads":8,"n_layer":2,"vocab_size":10}""");

        assertThat(config.layers()).isEqualTo(Collections.nCopies(2, new LayerShape(8, 8, 8, 256)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"rope_theta\":500000.0,\"rope_scaling\":{\"type\":\"linear\",\"factor\":4.0}",
                "\"rope_theta\":500000.0,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":4.0}",
                "\"rope_parameters\":{\"rope_theta\":500000.0,\"rope_type\":\"linear\",\"factor\":4.0}",
                "\"rope_theta\":500000.0,\"rope_scaling\":null,\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":4.0}"
            })
    void readsEverySpellingOfRotation(String rope) {
        Rope read = parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", rope + ",\"vocab_size\""))
                .rotary();

        assertThat(read.type()).isEqualTo("linear");
        assertThat(read.theta()).isEqualTo(500_000);
        assertThat(read.parameters()).hasToString("{\"factor\":4.0}");
    }

    /** As both versions of transformers do where a config has both. */
    @Test
    void rotationInTheOlderSpellingCountsBesideTheNewerOne() {
        Rope read = parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", """
                "rope_theta":5e5,"rope_scaling":{"type":"linear","factor":4.0},
                "rope_parameters":{"rope_theta":7.0,"rope_type":"default"},"vocab_size\"""")).rotary();

        assertThat(read.type()).isEqualTo("linear");
        assertThat(read.theta()).isEqualTo(500_000);
    }

    @Test
    void partOfAHeadIsRotatedInFamiliesThatKnowItAlone() {
        String part = "\"partial_rotary_factor\":0.5,\"vocab_size\"";

        assertThat(parse(TinyCheckpoint.CONFIG.replace("llama", "phi3").replace("\"vocab_size\"", part))
                        .rotary()
                        .share())
                .isEqualTo(0.5);
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", part)))
                .contains("partial_rotary_factor", "0.5");
    }

    @Test
    void readsAShapePerLayer() {
        ModelConfig config = parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", """
                "per_layer_config":[
                 {"num_attention_heads":2,"num_key_value_heads":1,"head_dim":4,"intermediate_size":12},
                 {"num_attention_heads":1,"num_key_value_heads":1,"head_dim":4,"intermediate_size":7}],
                "vocab_size\""""));

        assertThat(config.layers()).containsExactly(new LayerShape(2, 1, 4, 12), new LayerShape(1, 1, 4, 7));
    }

    @Test
    void readsWhatDiffersInALayerAsTransformersWritesIt() {
        ModelConfig config = parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", """
                "per_layer_config":{"01":{"num_attention_heads":1,"num_key_value_heads":1,"intermediate_size":7,"skip":[]}},
                "vocab_size\""""));

        LayerShape whole = parse(TinyCheckpoint.CONFIG).layers().get(0);
        assertThat(config.layers()).containsExactly(whole, new LayerShape(1, 1, whole.headDim(), 7));
    }

    @Test
    void refusesWhatDiffersInALayerAndIsNoShape() {
        String windows = TinyCheckpoint.CONFIG.replace(
                "\"vocab_size\"", "\"per_layer_config\":{\"1\":{\"sliding_window\":8}},\"vocab_size\"");
        String halves = TinyCheckpoint.CONFIG.replace(
                "\"vocab_size\"", "\"per_layer_config\":{\"1\":{\"skip\":[\"mlp\"]}},\"vocab_size\"");

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(windows)).contains("layer 1", "sliding_window");
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(halves)).contains("layer 1", "skip");
    }

    /** The defaults of the config classes of transformers 5.18, printed from them. */
    @ParameterizedTest
    @CsvSource({
        "llama, 4, 2048, 0, 0",
        "mistral, 8, 131072, 4096, 0",
        "qwen2, 32, 32768, 4096, 0",
        "qwen3, 32, 32768, 4096, 0",
        "gemma, 16, 8192, 0, 0",
        "gemma2, 4, 8192, 4096, 50",
        "phi3, 4, 4096, 0, 0",
        "gemma3_text, 4, 131072, 4096, 0",
        "granite, 4, 2048, 0, 0",
        "smollm3, 4, 32768, 0, 0",
        "gpt_neox, 4, 2048, 0, 0",
    })
    void anAbsentKeyMeansWhatTheFamilysOwnCodeMeans(String type, int kvHeads, int positions, int window, double cap) {
        int heads = Math.max(4, kvHeads);
        ModelConfig config = parse("""
                {"model_type":"%s","hidden_size":%d,"num_hidden_layers":1,"num_attention_heads":%d,"intermediate_size":8,
                 "vocab_size":16}""".formatted(type, 8 * heads, heads));

        assertThat(config.layers().get(0).kvHeads()).isEqualTo(kvHeads);
        assertThat(config.maxPositions()).isEqualTo(positions);
        boolean newer = type.equals("phi3") || type.equals("gpt_neox");
        assertThat(config.normEpsilon()).isEqualTo(newer ? 1e-5 : 1e-6);
        assertThat(config.tied()).isEqualTo(type.startsWith("gemma") || type.equals("smollm3"));
        assertThat(config.intOr("sliding_window", 0)).isEqualTo(window);
        assertThat(config.doubleOr("attn_logit_softcapping", 0)).isEqualTo(cap);
        assertThat(config.doubleOr("final_logit_softcapping", 0)).isEqualTo(cap == 0 ? 0 : 30);
    }

    @Test
    void rotationThatIsAbsentIsThatOfTheConfigClass() {
        String sizes = "{\"model_type\":\"%s\",\"hidden_size\":32,\"num_hidden_layers\":7,\"num_attention_heads\":4}";

        ModelConfig gemma3 = parse(sizes.formatted("gemma3_text"));
        assertThat(gemma3.rotary(false).theta()).isEqualTo(1_000_000);
        assertThat(gemma3.rotary(true).theta()).isEqualTo(10_000);
        assertThat(texts(gemma3, "layer_types")).containsExactly("s s s s s f s".split(" "));
        ModelConfig smollm3 = parse(sizes.formatted("smollm3"));
        assertThat(smollm3.rotary().theta()).isEqualTo(2_000_000);
        assertThat(texts(smollm3, "no_rope_layers")).containsExactly("1 1 1 0 1 1 1".split(" "));
        assertThat(texts(smollm3, "layer_types")).containsOnly("f");
        ModelConfig neox = parse(sizes.formatted("gpt_neox"));
        assertThat(neox.rotary().theta()).isEqualTo(10_000);
        assertThat(neox.rotary().share()).isEqualTo(0.25);
    }

    /** The first letters of a list's entries. */
    private static List<String> texts(ModelConfig config, String list) {
        List<String> texts = new ArrayList<>();
        config.json().path(list).forEach(entry -> texts.add(entry.asText().substring(0, 1)));
        return texts;
    }

    @Test
    void olderSpellingsOfFamiliesWithKeysOfTheirOwnAreRead() {
        ModelConfig gemma3 = parse("""
                {"model_type":"gemma3_text","hidden_size":32,"num_hidden_layers":4,"num_attention_heads":4,
                 "rope_theta":500.0,"rope_local_base_freq":70.0,"rope_scaling":{"rope_type":"linear","factor":8.0},
                 "sliding_window_pattern":2}""");
        assertThat(gemma3.rotary(false)).extracting(Rope::type, Rope::theta).containsExactly("linear", 500.0);
        assertThat(gemma3.rotary(true)).extracting(Rope::type, Rope::theta).containsExactly("default", 70.0);
        assertThat(texts(gemma3, "layer_types")).containsExactly("s", "f", "s", "f");
        ModelConfig smollm3 = parse("""
                {"model_type":"smollm3","hidden_size":32,"num_hidden_layers":3,"num_attention_heads":4,"rope_theta":5e6,
                 "no_rope_layer_interval":2,"use_sliding_window":true,"sliding_window":8}""");
        assertThat(smollm3.rotary().theta()).isEqualTo(5e6);
        assertThat(texts(smollm3, "no_rope_layers")).containsExactly("1", "0", "1");
        assertThat(texts(smollm3, "layer_types")).containsExactly("f", "s", "f");
        ModelConfig neox = parse("""
                {"model_type":"gpt_neox","hidden_size":32,"num_hidden_layers":3,"num_attention_heads":4,
                 "rotary_emb_base":900,"rotary_pct":0.5,"rope_theta":7.0}""");
        assertThat(neox.rotary().theta()).isEqualTo(900);
        assertThat(neox.rotary().share()).isEqualTo(0.5);
    }

    @Test
    void aRuleIsNotAskedWhereItsListIsThere() {
        ModelConfig gemma3 = parse("""
                {"model_type":"gemma3_text","hidden_size":32,"num_hidden_layers":1,"num_attention_heads":4,
                 "sliding_window_pattern":null,"layer_types":["full_attention"]}""");
        ModelConfig smollm3 = parse("""
                {"model_type":"smollm3","hidden_size":32,"num_hidden_layers":1,"num_attention_heads":4,
                 "no_rope_layer_interval":null,"no_rope_layers":[0]}""");

        assertThat(texts(gemma3, "layer_types")).containsExactly("f");
        assertThat(texts(smollm3, "no_rope_layers")).containsExactly("0");
    }

    @Test
    void settingsForTheWrongNumberOfTypesOfLayersAreRefused() {
        String gemma3 = """
                {"model_type":"gemma3_text","hidden_size":32,"num_hidden_layers":2,"num_attention_heads":4,
                 "rope_parameters":{"rope_theta":7.0,"rope_type":"default"}}""";
        String granite = """
                {"model_type":"granite","hidden_size":32,"num_hidden_layers":2,"num_attention_heads":4,
                 "rope_parameters":{"full_attention":{"rope_theta":7.0}}}""";

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(gemma3)).contains("rope_parameters", "sliding_attention");
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(granite)).contains("rope_parameters", "each type");
    }

    @Test
    void sizesThatAreAbsentAreThoseOfTheConfigClassToo() {
        ModelConfig config = parse("{\"model_type\":\"bloom\",\"num_hidden_layers\":3}");

        assertThat(config.hiddenSize()).isEqualTo(64);
        assertThat(config.vocabSize()).isEqualTo(250_880);
        assertThat(config.layers()).isEqualTo(Collections.nCopies(3, new LayerShape(8, 8, 8, 256)));
    }

    @Test
    void aKeyThatIsNullMeansNone() {
        ModelConfig config = parse("""
                {"model_type":"gemma2","hidden_size":32,"num_hidden_layers":1,"num_attention_heads":4,"intermediate_size":8,
                 "vocab_size":16,"sliding_window":null,"attn_logit_softcapping":null,"num_key_value_heads":null}""");

        assertThat(config.intOr("sliding_window", 0)).isZero();
        assertThat(config.doubleOr("attn_logit_softcapping", 0)).isZero();
        assertThat(config.layers().get(0).kvHeads()).isEqualTo(4);
    }

    @Test
    void theFirstConversionsOfLlamaSpellTheirPositionsOtherwise() {
        ModelConfig config = parse("""
                {"model_type":"llama","hidden_size":32,"num_hidden_layers":1,"num_attention_heads":4,"intermediate_size":8,
                 "vocab_size":16,"max_sequence_length":512}""");

        assertThat(config.maxPositions()).isEqualTo(512);
    }

    @Test
    void takesTheFirstOfSeveralEndTokens() {
        assertThat(parse(TinyCheckpoint.CONFIG.replace("\"vocab_size\"", "\"eos_token_id\":[7,9],\"vocab_size\""))
                        .eosTokenId())
                .isEqualTo(7);
        assertThat(parse(TinyCheckpoint.CONFIG).eosTokenId()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"hidden_size\": 8 | \"hidden_size\": 0 | hidden_size",
                "\"hidden_size\": 8 | \"hidden_size\": null | hidden_size",
                "\"hidden_size\": 8 | \"hidden_size\": \"8\" | hidden_size",
                "\"hidden_size\": 8 | \"hidden_size\": 8.5 | hidden_size",
                "\"hidden_size\": 8 | \"hidden_size\": 99999999999 | hidden_size",
                "\"hidden_size\": 8 | \"hidden_size\": 7 | num_attention_heads",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 1000000 | num_hidden_layers",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": null | num_hidden_layers",
                "\"vocab_size\": 16 | \"vocab_size\": -1 | vocab_size",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"num_key_value_heads\": 3 | num_key_value_heads",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"rms_norm_eps\": -1 | rms_norm_eps",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"rms_norm_eps\": 1e999 | rms_norm_eps",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"rope_theta\": 0 | rope_theta",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"layer_types\": [\"full_attention\"] | layer_types",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"no_rope_layers\": 4 | no_rope_layers",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"rope_scaling\": 4 | rope_scaling",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"partial_rotary_factor\": 1.5 | partial_rotary_factor",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"rms_norm_eps\": null | rms_norm_eps",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"tie_word_embeddings\": 1 | tie_word_embeddings",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": [] | per_layer_config",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": [{}] | num_attention_heads",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": {\"2\":{}} | per_layer_config",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": {\"1\":{},\"01\":{}} | per_layer_config",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": {\"-1\":{}} | per_layer_config",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": {\"1\":3} | per_layer_config",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"head_dim\": 4097 | head_dim",
                "\"hidden_size\": 8 | \"hidden_size\": 8194 | num_attention_heads",
                "\"num_attention_heads\": 2 | \"num_attention_heads\": 4097 | num_attention_heads",
                "\"max_position_embeddings\": 32 | \"max_position_embeddings\": 2147483647 | max_position_embeddings",
                "\"vocab_size\": 16 | \"vocab_size\": 16, \"per_layer_config\": [{\"num_attention_heads\":3,\"num_key_value_heads\":2}] | per_layer_config: layer 0",
                "\"model_type\": \"llama\" | \"type\": \"llama\" | model_type",
            })
    void namesAKeyThatCannotBeUsed(String good, String bad, String key) {
        String json = TinyCheckpoint.CONFIG.replace(good, bad);
        assertThat(json).isNotEqualTo(TinyCheckpoint.CONFIG);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> parse(json)).contains("config.json", key);
    }

    @Test
    void refusesAnUnknownTypeWithThoseItKnows() {
        String json = TinyCheckpoint.CONFIG.replace("\"llama\"", "\"gpt2\"");

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(json)).contains("gpt2", "bloom, gemma", "llama");
    }

    @Test
    void refusesQuantisedWeights() {
        String json = TinyCheckpoint.CONFIG.replace("\"vocab_size\"", "\"quantization_config\":{},\"vocab_size\"");

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> parse(json)).contains("quantization_config");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{} x", "\"text\""})
    void refusesAFileThatIsNoObject(String json) throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), json);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelConfig.read(file)).startsWith("config.json");
    }

    @Test
    void refusesDeepNesting() throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), "{\"a\":" + "[".repeat(100_000));

        assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelConfig.read(file)).contains("nesting");
    }

    @Test
    void refusesAHugeFile() throws IOException {
        Path file = Files.write(folder.resolve("config.json"), new byte[10_000_001]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelConfig.read(file)).contains("larger");
    }

    @Test
    void cannotBeChangedThroughItsJson() {
        ModelConfig config = parse(TinyCheckpoint.CONFIG);
        config.json().put("hidden_size", 1);

        assertThat(config.intOr("hidden_size", 0)).isEqualTo(8);
        assertThat(config.textOr("hidden_act", "silu")).isEqualTo("silu");
    }

    static ModelConfig parse(String json) {
        try {
            return ModelConfig.parse((ObjectNode) StrictJson.MAPPER.readTree(json));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
