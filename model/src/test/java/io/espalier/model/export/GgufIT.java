package io.espalier.model.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Progress;
import io.espalier.model.AttentionUnit;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.export.ExportCheckpoint.Kept;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Exported files in llama.cpp: it continues prompts as we do and cuts texts into the same tokens. */
class GgufIT {
    private static final Path DEMO = Path.of("..", "deploy", "demo", "llama");
    private static final int TOKENS = 32;

    /**
     * Two tokens whose logits differ by less of the logits' standard deviation count as a tie: both programs add up in fp32, in
     * different orders.
     */
    private static final double TIE = 1e-4;

    @TempDir
    private Path folder;

    @BeforeAll
    static void requireLlamaCpp() {
        LlamaCpp.missing().ifPresent(why -> assumeTrue(false, why));
    }

    @ParameterizedTest(name = "{0}, {1} times")
    @CsvSource({"demo, 8", "llama, 14", "llama-gqa, 14", "mistral, 14"})
    void continuesModelsOfRandomShapesAsWeDo(String model, int sets) throws IOException {
        // given
        Path dense = model.equals("demo") ? DEMO.toRealPath() : ExportCheckpoint.golden(model, folder.resolve("dense"));
        List<Continuations> all = new ArrayList<>();

        // when
        for (int seed = 0; seed < sets; seed++) {
            Kept kept = seed % 2 == 0 ? Kept.PER_LAYER : Kept.UNIFORM;
            AttentionUnit unit = seed % 3 == 2 ? AttentionUnit.QUERY_HEAD : AttentionUnit.KV_GROUP;
            boolean one = seed % 7 == 6;
            Path pruned = ExportCheckpoint.pruned(dense, unit, kept, one, seed, folder.resolve("pruned-" + seed));
            all.add(continuations(pruned, TOKENS, "The"));
        }

        // then
        assertThat(all).allSatisfy(GgufIT::isTheSame);
        assertThat(all).extracting(Continuations::architecture).containsOnly("llama", "deci");
        assertThat(all.stream().mapToInt(Continuations::compared).sum())
                .as("tokens, of which texts that end early have fewer")
                .isGreaterThan(sets * TOKENS * 3 / 4);
    }

    static Stream<Arguments> families() {
        return Stream.of(
                family("qwen2", "qwen2"),
                family("gemma", "gemma"),
                family("granite", "granite"),
                family("phi3", "phi3"),
                family("phi3-partial", "phi3"),
                family("phi3-longrope", "phi3"),
                family("gpt-neox", "gptneox"),
                family("bloom", "bloom"),
                family("bloom-h6", "bloom"),
                family("llama-yarn", "llama"),
                rope("llama", "llama", "llama3"),
                rope("llama", "llama", "linear"),
                rope("qwen2", "qwen2", "linear"),
                rope("qwen2", "llama", "yarn"),
                rope("phi3", "phi3", "linear"),
                rope("gemma", "gemma", "linear"),
                pruned("granite", "granite", Kept.UNIFORM, Compensation.NONE),
                pruned("gemma", "gemma", Kept.UNIFORM, Compensation.NONE),
                pruned("phi3", "llama", Kept.UNIFORM, Compensation.NONE),
                pruned("phi3", "deci", Kept.PER_LAYER, Compensation.NONE),
                pruned("phi3-longrope", "llama", Kept.UNIFORM, Compensation.NONE),
                pruned("llama-yarn", "deci", Kept.PER_LAYER, Compensation.NONE),
                pruned("llama", "llama", Kept.UNIFORM, Compensation.BIAS),
                pruned("llama-gqa", "deci", Kept.PER_LAYER, Compensation.BIAS),
                pruned("mistral", "deci", Kept.PER_LAYER, Compensation.BIAS),
                made("gemma2 of 26 layers", "gemma2", target -> gemma("gemma2", 26, 2, 12, target)),
                made("gemma2 of 46 layers", "gemma2", target -> gemma("gemma2", 46, 2, 8, target)),
                made("gemma3 of 7 layers", "gemma3", target -> gemma("gemma3", 7, 6, 12, target)),
                made(
                        "llama with biases",
                        "llama",
                        target -> ExportCheckpoint.biased(
                                "llama",
                                config -> config.put("attention_bias", true).put("mlp_bias", true),
                                target)),
                made(
                        "qwen2 with output biases",
                        "llama",
                        target ->
                                ExportCheckpoint.biased("qwen2", config -> config.put("output_biases", true), target)),
                made("llama with a token that begins texts", "llama", target -> {
                    ExportCheckpoint.golden("llama", target);
                    Files.writeString(
                            target.resolve("tokenizer_config.json"), "{\"add_bos_token\":true,\"bos_token\":\"</s>\"}");
                    return target;
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("families")
    void continuesEveryFamilyAsWeDo(String name, String architecture, Maker maker) throws IOException {
        // given
        Path checkpoint = maker.make(folder.resolve("model"));

        // when
        Continuations continuations = continuations(checkpoint, 10, "Hello", "abc(x)", "The 1", "[~]", "QRSTUVWX");

        // then
        isTheSame(continuations);
        assertThat(continuations.architecture()).isEqualTo(architecture);
        assertThat(continuations.compared()).isPositive();
    }

    /** A factor or a cap of all logits changes no greedy token, but how much must be added to one to make it the first. */
    @ParameterizedTest
    @CsvSource({"llama", "granite", "gemma2"})
    void hasTheSameDistanceBetweenLogits(String family) throws IOException {
        // given
        Path model = family.equals("gemma2")
                ? gemma("gemma2", 26, 2, 12, folder.resolve("model"))
                : ExportCheckpoint.golden(family, folder.resolve("model"));
        String prompt = "abc(x)";

        try (Checkpoint checkpoint = Checkpoint.open(model);
                Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            GgufExport.of(checkpoint, GgufType.F32).write(folder.resolve("model.gguf"), Progress.SILENT);
            float[] logits = Continuations.lastLogits(checkpoint, tokenizer.encode(prompt));
            int[] order = IntStream.range(0, logits.length)
                    .boxed()
                    .sorted(Comparator.comparing(id -> -logits[id]))
                    .mapToInt(id -> id)
                    .toArray();
            float distance = logits[order[0]] - logits[order[9]];

            // when
            try (LlamaCpp llama = LlamaCpp.open(folder.resolve("model.gguf"))) {
                String less = llama.next(prompt, order[9], 0.999f * distance);
                String more = llama.next(prompt, order[9], 1.001f * distance);

                // then
                assertThat(less).isEqualTo(llama.decode(order[0]));
                assertThat(more).isEqualTo(llama.decode(order[9]));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F16, 0.01", "BF16, 0.05", "Q8_0, 0.2"})
    void otherTypesChangeTheTokenOnlyWhereLogitsAreClose(GgufType type, double close) throws IOException {
        // given
        Path golden = ExportCheckpoint.golden("llama", folder.resolve("model"));

        // when
        Continuations demo = Continuations.of(
                DEMO.toRealPath(), type, folder.resolve("demo.gguf"), TOKENS, "The history of", "In 1990");
        Continuations random =
                Continuations.of(golden, type, folder.resolve("golden.gguf"), TOKENS, "Hello", "abc(x)", "The");

        // then
        assertThat(List.of(demo, random)).flatMap(Continuations::differences).allSatisfy(difference -> assertThat(
                        difference.margin())
                .as(difference.where())
                .isBetween(0.0, close * difference.spread()));
    }

    static Stream<Arguments> tokenizers() {
        String contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
        String spaces = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        String before = "[^\\r\\n\\p{L}\\p{N}]?";
        String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        String words = contractions + "|" + before + "\\p{L}+|\\p{N}%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + spaces;
        String byCase = before + upper + "*" + lower + "+%1$s|" + before + upper + "+" + lower
                + "*%1$s|\\p{N}%2$s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + spaces;
        return Stream.of(
                tokenizer("gpt-2", json -> json),
                tokenizer("llama-bpe", json -> ignoringMerges(split(json, words.formatted("{1,3}")))),
                tokenizer("smaug-bpe", json -> split(json, words.formatted("{1,3}"))),
                tokenizer("qwen2", json -> split(json, words.formatted(""))),
                tokenizer("tekken", json -> ignoringMerges(split(json, byCase.formatted("", "")))),
                tokenizer("gpt-4o", json -> split(json, byCase.formatted(contractions + "?", "{1,3}"))),
                tokenizer("bloom", json -> split(json, " ?[^(\\s|[.,!?…。，、।۔،])]+")),
                tokenizer(
                        "smollm",
                        json -> json.set(
                                "pre_tokenizer",
                                TestTokenizers.parsed("{'type':'Sequence','pretokenizers':[{'type':'Digits',"
                                        + "'individual_digits':true},{'type':'ByteLevel','add_prefix_space':false,"
                                        + "'trim_offsets':true,'use_regex':true}]}"))),
                Arguments.of("byte fallback, a space before texts", (Maker)
                        target -> TestTokenizers.sentencePiece(json -> json, target)),
                Arguments.of("byte fallback, no space before texts", (Maker)
                        target -> TestTokenizers.sentencePiece(GgufIT::withoutSpaceBefore, target)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tokenizers")
    void cutsTextsIntoTheSameTokens(String pre, Maker maker) throws IOException {
        // given
        Path model = maker.make(folder.resolve("model"));

        // when
        List<String> different = different(model);

        // then
        assertThat(different).isEmpty();
        assertThat(TestTokenizers.texts()).hasSizeGreaterThan(100);
    }

    @Test
    void tellsWhereAMetaspaceDiffersFromSentencePiece() throws IOException {
        // given
        Path model = TestTokenizers.sentencePiece(
                json -> json.putNull("normalizer")
                        .set(
                                "pre_tokenizer",
                                TestTokenizers.parsed(
                                        "{'type':'Metaspace','replacement':'▁','prepend_scheme':'first','split':false}")),
                folder.resolve("model"));

        // when
        List<String> different = different(model);

        // then
        assertThat(different).isNotEmpty().allMatch(text -> text.startsWith(" "));
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            assertThat(GgufExport.of(checkpoint, GgufType.F32).notes())
                    .anyMatch(note -> note.contains("a space also before a text that begins with one"));
        }
    }

    private Continuations continuations(Path checkpoint, int tokens, String... prompts) throws IOException {
        Path file = folder.resolve("model.gguf");
        Continuations continuations = Continuations.of(checkpoint, GgufType.F32, file, tokens, prompts);
        Files.delete(file);
        return continuations;
    }

    private static void isTheSame(Continuations continuations) {
        assertThat(continuations.differences()).allSatisfy(difference -> assertThat(difference.margin())
                .as(difference.where())
                .isBetween(0.0, TIE * difference.spread()));
    }

    /** Texts that llama.cpp cuts into other tokens. */
    private List<String> different(Path model) {
        Path file = folder.resolve("tokenizer.gguf");
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            GgufExport.of(checkpoint, GgufType.Q8_0).write(file, Progress.SILENT);
            try (Tokenizer ours = Tokenizer.open(checkpoint);
                    LlamaCpp theirs = LlamaCpp.open(file)) {
                return TestTokenizers.texts().stream()
                        .filter(text -> !Arrays.equals(ours.encode(text), theirs.encode(text)))
                        .toList();
            }
        }
    }

    @FunctionalInterface
    interface Maker {
        Path make(Path target) throws IOException;
    }

    private static Arguments made(String name, String architecture, Maker maker) {
        return Arguments.of(name, architecture, maker);
    }

    private static Arguments family(String golden, String architecture) {
        return made(golden, architecture, target -> ExportCheckpoint.golden(golden, target));
    }

    private static Arguments rope(String golden, String architecture, String type) {
        return made(
                golden + " with " + type,
                architecture,
                target -> ExportCheckpoint.golden(golden, config -> scaled(config, type), target));
    }

    private static ObjectNode scaled(ObjectNode config, String type) {
        config.remove("rope_scaling");
        return config.set(
                "rope_parameters",
                TestTokenizers.parsed("{'rope_theta':10000.0,'factor':4.0,'low_freq_factor':1.0,'high_freq_factor':4.0,"
                                + "'original_max_position_embeddings':16}")
                        .put("rope_type", type));
    }

    private static Arguments pruned(String golden, String architecture, Kept kept, Compensation compensation) {
        return made(
                "%s, %s, compensation %s".formatted(golden, kept, compensation),
                architecture,
                target -> ExportCheckpoint.pruned(
                        ExportCheckpoint.golden(golden, target.resolveSibling("dense")),
                        AttentionUnit.KV_GROUP,
                        kept,
                        false,
                        compensation,
                        5,
                        target));
    }

    /**
     * llama.cpp knows the layers of Gemma with a sliding window and the scale of its scores by indices and counts, which three
     * layers cannot show.
     */
    private static Path gemma(String golden, int layers, int period, int scalar, Path target) throws IOException {
        return ExportCheckpoint.repeated(
                golden,
                layers,
                config -> {
                    ArrayNode types =
                            config.put("query_pre_attn_scalar", scalar).putArray("layer_types");
                    IntStream.range(0, layers)
                            .forEach(layer ->
                                    types.add(layer % period < period - 1 ? "sliding_attention" : "full_attention"));
                    return config;
                },
                target);
    }

    private static Arguments tokenizer(String pre, UnaryOperator<ObjectNode> change) {
        return Arguments.of(pre, (Maker) target -> TestTokenizers.demo(change, target));
    }

    private static ObjectNode split(ObjectNode json, String pattern) {
        return json.set("pre_tokenizer", TestTokenizers.split(pattern));
    }

    private static ObjectNode ignoringMerges(ObjectNode json) {
        ((ObjectNode) json.path("model")).put("ignore_merges", true);
        return json;
    }

    /** As in Gemma's. */
    private static ObjectNode withoutSpaceBefore(ObjectNode json) {
        json.set("normalizer", TestTokenizers.parsed("{'type':'Replace','pattern':{'String':' '},'content':'▁'}"));
        return json.set(
                "pre_tokenizer",
                TestTokenizers.parsed(
                        "{'type':'Split','pattern':{'String':' '},'behavior':'MergedWithPrevious','invert':false}"));
    }
}
