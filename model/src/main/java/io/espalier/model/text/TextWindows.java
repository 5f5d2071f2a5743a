package io.espalier.model.text;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.Seeds;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * UTF-8 texts as windows of token ids.
 *
 * <p>A text is read and tokenised in pieces, so memory depends on the number of windows and not on the size of the
 * files. The places where it is split into pieces depend only on the text.
 *
 * @param field name of the field of the request that names the text, for messages
 * @param files read one after the other
 * @param column where rows of JSON have their text; empty: where they usually have it
 * @param vocabSize number of token ids of the model; a larger token id is refused
 * @param beginning put at the start of every window and counted in its length, as {@link Tokenizer#beginning}
 */
public record TextWindows(
        String field, List<Path> files, String column, Tokenizer tokenizer, int vocabSize, int[] beginning) {
    /** A hundred times WikiText-2's test part. */
    private static final int MAX_TOKENS = 1 << 25;

    /** Windows of one file, with nothing at their start. */
    public TextWindows(String field, Path text, Tokenizer tokenizer, int vocabSize) {
        this(field, List.of(text), "", tokenizer, vocabSize, new int[0]);
    }

    /** Every window of the joined documents, as {@link #first}. */
    public Windows all(int length) {
        return first(Integer.MAX_VALUE, length);
    }

    /**
     * The first non-overlapping windows of all documents joined by blank lines; fewer if the text is too short. Tokens at
     * the end that do not fill a window are dropped.
     *
     * @param samples number of windows, at least 1
     * @param length tokens per window, at least 2 beside its beginning
     * @return n windows, 1 ≤ n ≤ samples
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field when the text is not UTF-8, is shorter than a
     *     window, has rows without a text, or a token outside the model's vocabulary; {@code MODEL_NOT_FOUND} when it
     *     cannot be read
     */
    public Windows first(int samples, int length) {
        int textTokens = textTokens(samples, length);
        List<int[]> windows = new ArrayList<>();
        int[] carried = {};
        try (JoinedReader joined =
                new JoinedReader(new TextFiles(field, files, column, tokenizer::conversation).open())) {
            TextPieces pieces = new TextPieces(joined);
            for (String piece = pieces.next(); piece != null && windows.size() < samples; piece = pieces.next()) {
                Cancellation.check();
                int[] ids = concatenated(carried, checked(tokenizer.encode(piece)));
                int from = 0;
                while (ids.length - from >= textTokens && windows.size() < samples) {
                    windows.add(window(ids, from, textTokens));
                    from += textTokens;
                }
                requireFits((long) windows.size() * length);
                carried = Arrays.copyOfRange(ids, from, ids.length);
            }
            if (windows.isEmpty()) {
                throw invalid(
                        "has %d tokens, fewer than one window of %d; give a longer text or a shorter sequence length"
                                .formatted(carried.length, textTokens));
            }
            return new Windows(windows.toArray(int[][]::new), joined.count());
        } catch (IOException e) {
            throw TextFiles.unreadable(field, e);
        }
    }

    /**
     * One window out of each document that is longer than a window, at a place that the seed chooses; the documents in
     * their order, until there are as many windows as asked for. The protocol of C4 in the papers, but for the documents,
     * which those draw at random too.
     *
     * @param samples number of windows, at least 1
     * @param length tokens per window, at least 2 beside its beginning
     * @return n windows, 1 ≤ n ≤ samples
     * @throws EspalierException as {@link #first}
     */
    public Windows perDocument(int samples, int length, long seed) {
        int textTokens = textTokens(samples, length);
        List<int[]> windows = new ArrayList<>();
        long documents = 0;
        long longest = 0;
        try (Documents all = new TextFiles(field, files, column, tokenizer::conversation).open()) {
            for (Reader document = all.next(); document != null; document = all.next()) {
                int[] ids = tokens(new TextPieces(document));
                longest = Math.max(longest, ids.length);
                if (ids.length > textTokens) {
                    long draw = Seeds.of(seed, "window/" + field + "/" + documents);
                    windows.add(window(ids, (int) Long.remainderUnsigned(draw, ids.length - textTokens), textTokens));
                    requireFits((long) windows.size() * length);
                }
                documents++;
                if (windows.size() == samples) {
                    break;
                }
            }
        } catch (IOException e) {
            throw TextFiles.unreadable(field, e);
        }
        if (windows.isEmpty()) {
            throw invalid(
                    "has no document of more than %d tokens, the longest of %d has %d; give a shorter sequence length"
                            .formatted(textTokens, documents, longest));
        }
        return new Windows(windows.toArray(int[][]::new), documents);
    }

    private int[] tokens(TextPieces pieces) throws IOException {
        IntStream.Builder ids = IntStream.builder();
        for (String piece = pieces.next(); piece != null; piece = pieces.next()) {
            Cancellation.check();
            Arrays.stream(checked(tokenizer.encode(piece))).forEach(ids);
        }
        return ids.build().toArray();
    }

    private void requireFits(long tokens) {
        if (tokens > MAX_TOKENS) {
            throw invalid("gives windows of more than %,d tokens, which are all in memory; take fewer windows of it"
                    .formatted(MAX_TOKENS));
        }
    }

    private int textTokens(int samples, int length) {
        if (samples < 1 || length < 2 || length - beginning.length < 1) {
            throw invalid("windows need at least 1 sample of 2 tokens, asked for %d of %d".formatted(samples, length));
        }
        return length - beginning.length;
    }

    private int[] window(int[] ids, int from, int textTokens) {
        return concatenated(beginning, Arrays.copyOfRange(ids, from, from + textTokens));
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
