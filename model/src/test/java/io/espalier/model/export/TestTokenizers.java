package io.espalier.model.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The demo model with other tokenizers, and texts that are hard to tokenize. */
final class TestTokenizers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path DEMO = Path.of("..", "deploy", "demo");
    private static final String SPACE = "▁";
    private static final int MERGES = 120;

    private TestTokenizers() {}

    /** The first layer of the demo model with its tokenizer changed. */
    static Path demo(UnaryOperator<ObjectNode> tokenizer, Path target) throws IOException {
        ExportCheckpoint.firstLayer(DEMO.resolve("llama"), config -> config, target);
        ObjectNode json =
                (ObjectNode) JSON.readTree(DEMO.resolve("llama/tokenizer.json").toFile());
        Files.writeString(target.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer.apply(json)));
        return target;
    }

    static ObjectNode parsed(String json) {
        try {
            return (ObjectNode) JSON.readTree(json.replace('\'', '"'));
        } catch (IOException e) {
            throw new IllegalArgumentException(json, e);
        }
    }

    /** A pre-tokenizer that splits by a pattern before it takes bytes for letters. */
    static ObjectNode split(String pattern) {
        ObjectNode json = parsed(
                "{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{},'behavior':'Isolated',"
                        + "'invert':false},{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}]}");
        ((ObjectNode) json.path("pretokenizers").path(0).path("pattern")).put("Regex", pattern);
        return json;
    }

    /** The same with a tokenizer like that of Llama 2: byte fallback, and merges as they are made from SentencePiece. */
    static Path sentencePiece(UnaryOperator<ObjectNode> change, Path target) throws IOException {
        ExportCheckpoint.firstLayer(
                DEMO.resolve("llama"), config -> config.put("bos_token_id", 1).put("eos_token_id", 2), target);
        Files.writeString(target.resolve("tokenizer.json"), JSON.writeValueAsString(change.apply(sentencePiece())));
        return target;
    }

    private static ObjectNode sentencePiece() throws IOException {
        ObjectNode json = parsed(
                "{'version':'1.0','truncation':null,'padding':null,'normalizer':{'type':'Sequence','normalizers':["
                        + "{'type':'Prepend','prepend':'▁'},{'type':'Replace','pattern':{'String':' '},'content':'▁'}]},"
                        + "'pre_tokenizer':null,'decoder':{'type':'Sequence','decoders':[{'type':'Replace','pattern':"
                        + "{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},"
                        + "{'type':'Strip','content':' ','start':1,'stop':0}]},"
                        + "'post_processor':{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},"
                        + "{'Sequence':{'id':'A','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},"
                        + "{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'<s>':{'id':'<s>','ids':[1],'tokens':['<s>']}}}}");
        ArrayNode added = json.putArray("added_tokens");
        ObjectNode model = json.putObject("model")
                .put("type", "BPE")
                .putNull("dropout")
                .put("unk_token", "<unk>")
                .putNull("continuing_subword_prefix")
                .putNull("end_of_word_suffix")
                .put("fuse_unk", true)
                .put("byte_fallback", true)
                .put("ignore_merges", false);
        ObjectNode vocab = model.putObject("vocab");
        for (String special : List.of("<unk>", "<s>", "</s>")) {
            added.addObject()
                    .put("id", vocab.size())
                    .put("content", special)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
            vocab.put(special, vocab.size());
        }
        for (int value = 0; value < 256; value++) {
            vocab.put("<0x%02X>".formatted(value), vocab.size());
        }
        String text = Files.readString(DEMO.resolve("evaluation.txt")).substring(0, 12_000);
        List<String> learnt = learnt(text);
        learnt.forEach(token -> vocab.put(token, vocab.size()));
        for (int letter : (SPACE + text)
                .codePoints()
                .filter(c -> c > ' ')
                .distinct()
                .sorted()
                .toArray()) {
            vocab.put(Character.toString(letter), vocab.size());
        }
        ArrayNode merges = model.putArray("merges");
        for (String token : learnt) {
            for (int at = 1; at < token.length(); at++) {
                if (vocab.has(token.substring(0, at)) && vocab.has(token.substring(at))) {
                    merges.add(token.substring(0, at) + " " + token.substring(at));
                }
            }
        }
        return json;
    }

    /** Byte pair encoding of words, as SentencePiece learns it: the most frequent pair becomes a token, again and again. */
    private static List<String> learnt(String text) {
        Map<List<String>, Integer> words = new LinkedHashMap<>();
        for (String word : text.strip().split("\\s+", -1)) {
            words.merge(
                    (SPACE + word).codePoints().mapToObj(Character::toString).toList(), 1, Integer::sum);
        }
        List<String> tokens = new ArrayList<>();
        while (tokens.size() < MERGES) {
            Map<List<String>, Integer> pairs = new TreeMap<>(Comparator.comparing(Object::toString));
            words.forEach((word, count) -> {
                for (int i = 0; i + 1 < word.size(); i++) {
                    pairs.merge(word.subList(i, i + 2), count, Integer::sum);
                }
            });
            List<String> best = Collections.max(pairs.entrySet(), Map.Entry.comparingByValue())
                    .getKey();
            String token = String.join("", best);
            if (!tokens.contains(token)) {
                tokens.add(token);
            }
            Map<List<String>, Integer> merged = new LinkedHashMap<>();
            words.forEach((word, count) -> merged.merge(merged(word, best), count, Integer::sum));
            words = merged;
        }
        return tokens;
    }

    private static List<String> merged(List<String> word, List<String> pair) {
        List<String> merged = new ArrayList<>();
        for (int i = 0; i < word.size(); i++) {
            boolean both = i + 1 < word.size() && word.subList(i, i + 2).equals(pair);
            merged.add(both ? String.join("", pair) : word.get(i));
            i += both ? 1 : 0;
        }
        return merged;
    }

    /** Texts of many scripts, with spaces, numbers and code. */
    static List<String> texts() {
        List<String> texts = new ArrayList<>(List.of(
                "Hello world",
                " Hello",
                "  two spaces",
                "a  b   c    d",
                "trailing ",
                "trailing   ",
                "tab\tand\nline",
                "\n\n\nthree",
                "a\r\nb\r\n",
                " \n \n ",
                "\t\t\tindent",
                "    return x;",
                "for (int i = 0; i < n; i++) {",
                "x==y&&!z||w",
                "a_b_c",
                "snake_case camelCase PascalCase SCREAMING_CASE",
                "don't can't I'll we've they're I'd I'm",
                "DON'T CAN'T I'LL",
                "'s 't 're",
                "‘quoted’ “text”",
                "1",
                "12",
                "123",
                "1234",
                "12345",
                "1234567890",
                "3.14159",
                "1,000,000.00",
                "1e-10",
                "0xDEADBEEF",
                "v1.2.3-beta+4",
                "2024-01-31T23:59:59Z",
                "½ ¼ ² ³",
                "٠١٢٣٤",
                "१२३",
                "Ⅷ Ⅻ",
                "naïve café",
                "ÀÉÎÕÜ",
                "straße ẞ",
                "Ελληνικά",
                "Привет, мир!",
                "שלום עולם",
                "مرحبا بالعالم",
                "नमस्ते दुनिया",
                "こんにちは世界",
                "你好，世界。",
                "한국어 텍스트",
                "ไทย",
                "tiếng Việt",
                "e\u0301 combining",
                "\uD83D\uDE00 emoji \uD83D\uDC4D\uD83C\uDFFD",
                "👩‍👩‍👧‍👦",
                "🇩🇪🇫🇷",
                "∑∫√∞≠≤",
                "→ ← ↔",
                "€100 £50 ¥7",
                "a\u00A0b",
                "a\u2003b",
                "a\u200Bb",
                "\uFEFFbom",
                "a\u3000b",
                "...",
                "?!?!",
                "---",
                "===",
                "***bold*** _it_",
                "# Heading\n\n- item\n- item",
                "<html><body class=\"x\">",
                "https://example.org/a?b=c&d=e#f",
                "me@example.org",
                "C:\\\\path\\\\file",
                "/usr/local/bin",
                "$HOME ${x} $(y)",
                "{\"a\": [1, 2, {\"b\": null}]}",
                "SELECT * FROM t WHERE a = 'b';",
                "def f(x):\n    return x ** 2\n",
                "if(a){b}else{c}",
                "a/b//c",
                "\\n literal",
                "word".repeat(20),
                "a".repeat(50),
                " ".repeat(17),
                "\n".repeat(9),
                "The the THE tHe",
                "Mr. O'Neil's 3rd-best",
                "e.g. i.e. etc.",
                "(parenthesised) [bracketed] {braced}",
                "100% sure & certain",
                "#hashtag @mention",
                "~`!@#$%^&*()_+-={}[]|:;<>,.?/",
                "\u0000".isEmpty() ? "" : "nul-free",
                "ﬁ ﬂ ligature",
                "Ǆ ǅ ǆ",
                "İstanbul ı",
                "ﷺ",
                "ʰ modifier ˈstress",
                "a\u0308\u0323 stacked",
                "x² + y² = z²",
                "H₂O",
                "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
                "🤖x🤖",
                "end."));
        return texts;
    }
}
