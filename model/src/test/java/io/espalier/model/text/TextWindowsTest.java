package io.espalier.model.text;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
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

        int[][] windows = windows(CALIBRATION).all(100);

        assertThat(windows).hasNumberOfRows(whole.length / 100);
        assertThat(Stream.of(windows).flatMapToInt(Arrays::stream).toArray())
                .isEqualTo(Arrays.copyOf(whole, whole.length / 100 * 100));
    }

    @Test
    void theFirstWindowsAreTheSameForAnyNumberOfWindows() {
        int[][] all = windows(CALIBRATION).all(128);

        int[][] first = windows(CALIBRATION).first(64, 128);

        assertThat(first).hasDimensions(64, 128).isDeepEqualTo(Arrays.copyOf(all, 64));
    }

    @Test
    void aTextThatIsTooShortGivesWhatItHas() throws IOException {
        int[][] windows = windows(text("Hello, world! Hello, world!")).first(64, 6);

        assertThat(windows).hasDimensions(2, 6);
    }

    @Test
    void aTokenThatBeginsTheSequenceCountsInTheWindow() throws IOException {
        Path text = text("Hello, world!");

        int[][] windows = new TextWindows("text", text, tokenizer, VOCAB, 0).first(1, 4);

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

    private TextWindows windows(Path text) {
        return new TextWindows("calibration.text", text, tokenizer, VOCAB);
    }

    private Path text(String content) throws IOException {
        return Files.writeString(folder.resolve("text"), content);
    }
}
