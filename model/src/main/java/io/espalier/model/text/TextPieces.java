package io.espalier.model.text;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * Splits a text into pieces that are tokenised one by one. A split lies before a single space between two letters. No
 * token of a byte-level tokenizer crosses such a place, so the tokens are those of the whole text. A tokenizer that
 * marks the start of a text (SentencePiece) adds one mark per piece.
 */
final class TextPieces {
    static final int MAX_CHARS = 1 << 18;

    private final Reader reader;
    private final StringBuilder pending = new StringBuilder();
    private final char[] chunk = new char[1 << 14];

    TextPieces(Reader reader) {
        this.reader = reader;
    }

    /** The next piece, or null at the end. */
    @Nullable
    String next() throws IOException {
        while (pending.length() < MAX_CHARS) {
            int count = reader.read(chunk, 0, Math.min(chunk.length, MAX_CHARS - pending.length()));
            if (count < 0) {
                break;
            }
            pending.append(chunk, 0, count);
        }
        if (pending.isEmpty()) {
            return null;
        }
        int end = pending.length() < MAX_CHARS ? pending.length() : split();
        String piece = pending.substring(0, end);
        pending.delete(0, end);
        return piece;
    }

    private int split() {
        for (int i = MAX_CHARS - 2; i > 0; i--) {
            if (pending.charAt(i) == ' '
                    && Character.isLetter(pending.charAt(i - 1))
                    && Character.isLetter(pending.charAt(i + 1))) {
                return i;
            }
        }
        // The piece has no such place. Split at its end, but not inside a surrogate pair.
        return Character.isHighSurrogate(pending.charAt(MAX_CHARS - 1)) ? MAX_CHARS - 1 : MAX_CHARS;
    }
}
