package io.espalier.model.text;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextWindowsTest {
    private static final Path CALIBRATION = TokenizerTest.DEMO.resolve("calibration.txt");
    private static final int VOCAB = 2048;

    private static Tokenizer tokenizer;

    @TempDir
    Path folder;

    @BeforeAll
    static void openTokenizer() {
        tokenizer = Tokenizer.open(TokenizerTest.DEMO.resolve("llama/tokenizer.json"));
    }

    @AfterAll
    static void closeTokenizer() {
        tokenizer.close();
    }

    /** The demo text is longer than one piece, so this also shows that splitting it into pieces changes no token. */
    @Test
    void windowsAreTheTextsTokensInOrderWithoutAnIncompleteWindow() throws IOException {
        int[] whole = tokenizer.encode(Files.readString(CALIBRATION));
        assertThat(Files.size(CALIBRATION)).isGreaterThan(TextPieces.MAX_CHARS);

        int[][] windows = windows(CALIBRATION).all(100).tokens();

        assertThat(windows).hasNumberOfRows(whole.length / 100);
        assertThat(Stream.of(windows).flatMapToInt(Arrays::stream).toArray())
                .isEqualTo(Arrays.copyOf(whole, whole.length / 100 * 100));
    }

    @Test
    void theFirstWindowsAreTheSameForAnyNumberOfWindows() {
        int[][] all = windows(CALIBRATION).all(128).tokens();

        int[][] first = windows(CALIBRATION).first(64, 128).tokens();

        assertThat(first).hasDimensions(64, 128).isDeepEqualTo(Arrays.copyOf(all, 64));
    }

    @Test
    void aTextThatIsTooShortGivesWhatItHas() throws IOException {
        int[][] windows =
                windows(text("Hello, world! Hello, world!")).first(64, 6).tokens();

        assertThat(windows).hasDimensions(2, 6);
    }

    @Test
    void aTokenThatBeginsTheSequenceCountsInTheWindow() throws IOException {
        Path text = text("Hello, world!");

        int[][] windows = windows(new int[] {0}, text).first(1, 4).tokens();

        assertThat(windows[0]).containsExactly(0, 40, 788, 79);
    }

    @Test
    void refusesATextShorterThanAWindow() throws IOException {
        Path text = text("Hello, world!");

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(text).first(64, 128))
                .startsWith("calibration.text: ")
                .contains("6 tokens", "128");
    }

    @Test
    void refusesBytesThatAreNoUtf8() throws IOException {
        Path text = Files.write(folder.resolve("text"), new byte[] {'a', (byte) 0xc3, '(', (byte) 0xff});

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(text).first(1, 2))
                .startsWith("calibration.text: ")
                .contains("UTF-8");
    }

    @Test
    void refusesATokenOutsideTheModelsVocabulary() throws IOException {
        Path text = text("Hello, world!");

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> new TextWindows("calibration.text", text, tokenizer, 700)
                        .first(1, 2))
                .startsWith("calibration.text: ")
                .contains("788", "700");
    }

    @Test
    void aWindowNeedsATokenToPredict() throws IOException {
        Path text = text("Hello, world!");

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(text).first(1, 1));
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(text).first(0, 8));
    }

    @Test
    void piecesJoinedAreTheTextForAnyContent() throws IOException {
        String emoji = "😀".repeat(TextPieces.MAX_CHARS);
        String text = "x" + emoji + "word ".repeat(TextPieces.MAX_CHARS) + "\n".repeat(10);

        TextPieces pieces = new TextPieces(new StringReader(text));
        StringBuilder joined = new StringBuilder();
        for (String piece = pieces.next(); piece != null; piece = pieces.next()) {
            assertThat(piece.length()).isBetween(1, TextPieces.MAX_CHARS);
            assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
            joined.append(piece);
        }

        assertThat(joined.toString().equals(text)).isTrue();
    }

    @Test
    void rowsAreJoinedByBlankLinesAndReadWhateverTheirFileIsCalled() throws IOException {
        Path prose = text("One two.\n\nThree\n\nFour, five");
        Path rows = Files.writeString(
                folder.resolve("rows.txt"),
                "{\"url\": \"x\", \"text\": \"One two.\"}\n{\"text\": \"Three\"}\n\n{\"text\":\"Four, five\",\"id\":[{}]}\n");

        Windows windows = windows(rows).all(3);

        assertThat(windows.tokens()).isDeepEqualTo(windows(prose).all(3).tokens());
        assertThat(windows.documents()).isEqualTo(3);
    }

    @Test
    void anArrayPackedWithGzipIsRowsToo() throws IOException {
        Path prose = text("One two.\n\nThree four");
        Path packed = folder.resolve("packed");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(
                    "[{\"content\": \"One two.\"},\n {\"content\": \"Three four\"}]".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(windows(packed).all(3).tokens())
                .isDeepEqualTo(windows(prose).all(3).tokens());
    }

    @Test
    void anInstructionItsInputAndItsOutputAreOneDocument() throws IOException {
        Path prose = text("Add.\n1 and 2\n3\n\nSay hello.\nHello");
        Path rows = Files.writeString(folder.resolve("rows"), """
                {"instruction": "Add.", "input": "1 and 2", "output": "3"}
                {"instruction": "Say hello.", "input": "", "output": "Hello"}
                """);

        assertThat(windows(rows).all(4).tokens())
                .isDeepEqualTo(windows(prose).all(4).tokens());
    }

    @Test
    void severalFilesAreReadOneAfterTheOther() throws IOException {
        Path first = Files.writeString(folder.resolve("a"), "One two.");
        Path second = Files.writeString(folder.resolve("b"), "{\"body\": \"Three four\"}");
        Path prose = text("One two.");

        int[][] alone = windows(prose).all(2).tokens();
        Windows both =
                new TextWindows("calibration.text", List.of(first, prose), "", tokenizer, VOCAB, new int[0]).all(2);

        assertThat(both.documents()).isEqualTo(2);
        assertThat(both.tokens()).hasDimensions(both.tokens().length, 2);
        assertThat(Arrays.copyOf(both.tokens(), alone.length)).isDeepEqualTo(alone);
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> new TextWindows(
                                "calibration.text", List.of(second), "text", tokenizer, VOCAB, new int[0])
                        .all(2))
                .contains("row 1 of b", "\"text\"", "\"body\"");
    }

    @Test
    void eachDocumentGivesOneWindowAtAPlaceThatTheSeedChooses() throws IOException {
        String longer = "a b c d e f g h i j k l m n o p q r s t u v w x y z ".repeat(20);
        Path rows = Files.writeString(
                folder.resolve("rows"),
                "{\"text\": \"%s\"}\n{\"text\": \"short\"}\n{\"text\": \"%s\"}\n{\"text\": \"%s\"}\n"
                        .formatted(longer, longer.toUpperCase(Locale.ROOT), longer));

        Windows windows = windows(rows).perDocument(2, 16, 7);

        assertThat(windows.tokens()).hasDimensions(2, 16);
        assertThat(windows.documents()).isEqualTo(3);
        assertThat(windows.tokens())
                .isDeepEqualTo(windows(rows).perDocument(2, 16, 7).tokens());
        int[][] otherSeed = windows(rows).perDocument(2, 16, 8).tokens();
        assertThat(Arrays.deepEquals(windows.tokens(), otherSeed)).isFalse();
        assertThat(Collections.indexOfSubList(ids(tokenizer.encode(longer)), ids(windows.tokens()[0])))
                .isNotNegative();
    }

    @Test
    void conversationsAreReadAsTheModelsTemplateWritesThem() throws IOException {
        // Given
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(TokenizerTest.DEMO.resolve("llama").resolve(name), model.resolve(name));
        }
        Files.writeString(
                model.resolve("chat_template.jinja"),
                "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}");
        Path rows = Files.writeString(folder.resolve("rows"), """
                {"messages": [{"role": "user", "content": "Which way is north?"}, {"role": "assistant", "content": "Up."}]}
                {"messages": [{"role": "user", "content": "And south?"}, {"role": "assistant", "content": "Down."}]}
                """);
        Path prose = text("user: Which way is north?\nassistant: Up.\n\n\nuser: And south?\nassistant: Down.\n");

        try (Checkpoint checkpoint = Checkpoint.open(model);
                Tokenizer chatting = Tokenizer.open(checkpoint)) {
            // When
            Windows windows = new TextWindows("calibration.text", rows, chatting, VOCAB).all(4);

            // Then
            assertThat(windows.documents()).isEqualTo(2);
            assertThat(windows.tokens())
                    .isDeepEqualTo(new TextWindows("calibration.text", prose, chatting, VOCAB)
                            .all(4)
                            .tokens());
        }
    }

    @Test
    void whatIsNoTextIsRefusedWithItsRow() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken"), "{\"text\": \"One two three four\"}\n{\"text\": \n");
        Path messages = Files.writeString(
                folder.resolve("chat"), "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}");
        Path parquet = Files.write(folder.resolve("table"), "PAR1xxxxPAR1".getBytes(StandardCharsets.UTF_8));
        Path cut = folder.resolve("cut");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write("some words that are packed".getBytes(StandardCharsets.UTF_8));
        }
        Files.write(cut, Arrays.copyOf(packed.toByteArray(), packed.size() / 2));

        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(broken).all(2)).contains("row 2 of broken", "JSON");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(messages).all(2))
                .contains("row 1 of chat", "no chat template", "chat_template.jinja");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(parquet).all(2)).contains("table", "Parquet", "damaged");
        assertFails(ErrorCode.INVALID_ARGUMENT, () -> windows(cut).all(2)).contains("calibration.text", "cut off");
    }

    @Test
    void proseThatBeginsWithABraceStaysProse() throws IOException {
        Path code = text("{ one two } is no row\n");

        assertThat(windows(code).all(3).documents()).isEqualTo(1);
    }

    private static List<Integer> ids(int[] tokens) {
        return Arrays.stream(tokens).boxed().toList();
    }

    private TextWindows windows(Path text) {
        return windows(new int[0], text);
    }

    private static TextWindows windows(int[] beginning, Path text) {
        return new TextWindows("calibration.text", List.of(text), "", tokenizer, VOCAB, beginning);
    }

    private Path text(String content) throws IOException {
        return Files.writeString(folder.resolve("text"), content);
    }
}
