package io.espalier.model.text;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.RegularFile;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A UTF-8 text as non-overlapping windows of token ids. Tokens at the end that do not fill a window are dropped.
 *
 * <p>The text is read and tokenised in pieces, so memory depends on the number of windows and not on the size of the
 * file. The places where the text is split into pieces depend only on the text.
 *
 * @param field name of the field of the request that names the text, for messages
 * @param vocabSize number of token ids of the model; a larger token id is refused
 * @param bosTokenId put at the start of every window and counted in its length; null for none
 */
public record TextWindows(
        String field,
        Path text,
        Tokenizer tokenizer,
        int vocabSize,
        @Nullable Integer bosTokenId) {

    /** Windows without a token at their start. */
    public TextWindows(String field, Path text, Tokenizer tokenizer, int vocabSize) {
        this(field, text, tokenizer, vocabSize, null);
    }

    /**
     * Every window of the text.
     *
     * @param length tokens per window
     * @return token ids {@code [windows][length]}, at least one window
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field when the text is not UTF-8, is shorter than a
     *     window or has a token outside the model's vocabulary; {@code MODEL_NOT_FOUND} when the text cannot be read
     */
    public int[][] all(int length) {
        return first(Integer.MAX_VALUE, length);
    }

    /**
     * The first windows of the text; fewer if the text is too short.
     *
     * @param samples number of windows, at least 1
     * @param length tokens per window, at least 2
     * @return token ids {@code [n][length]}, 1 ≤ n ≤ samples
     * @throws EspalierException as {@link #all}
     */
    public int[][] first(int samples, int length) {
        if (samples < 1 || length < 2) {
            throw invalid("windows need at least 1 sample of 2 tokens, asked for %d of %d".formatted(samples, length));
        }
        int textTokens = bosTokenId == null ? length : length - 1;
        List<int[]> windows = new ArrayList<>();
        int[] carried = {};
        RegularFile.require(text, ErrorCode.INVALID_ARGUMENT, field);
        try (Reader reader = Files.newBufferedReader(text, StandardCharsets.UTF_8)) {
            TextPieces pieces = new TextPieces(reader);
            for (String piece = pieces.next(); piece != null && windows.size() < samples; piece = pieces.next()) {
                Cancellation.check();
                int[] ids = concatenated(carried, checked(tokenizer.encode(piece)));
                int from = 0;
                while (ids.length - from >= textTokens && windows.size() < samples) {
                    windows.add(window(ids, from, textTokens));
                    from += textTokens;
                }
                carried = Arrays.copyOfRange(ids, from, ids.length);
            }
        } catch (CharacterCodingException e) {
            throw invalid("is not UTF-8; convert the text");
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, field + ": the text cannot be read", e);
        }
        if (windows.isEmpty()) {
            throw invalid("has %d tokens, fewer than one window of %d; give a longer text or a shorter sequence length"
                    .formatted(carried.length, textTokens));
        }
        return windows.toArray(int[][]::new);
    }

    private int[] window(int[] ids, int from, int textTokens) {
        if (bosTokenId == null) {
            return Arrays.copyOfRange(ids, from, from + textTokens);
        }
        int[] window = new int[textTokens + 1];
        window[0] = bosTokenId;
        System.arraycopy(ids, from, window, 1, textTokens);
        return window;
    }

    private int[] checked(int[] ids) {
        for (int id : ids) {
            if (id >= vocabSize) {
                throw invalid("token %d of tokenizer.json is outside the model's vocabulary of %d; is it this model's?"
                        .formatted(id, vocabSize));
            }
        }
        return ids;
    }

    private static int[] concatenated(int[] head, int[] tail) {
        int[] all = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, all, head.length, tail.length);
        return all;
    }

    private EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, field + ": " + what);
    }
}
