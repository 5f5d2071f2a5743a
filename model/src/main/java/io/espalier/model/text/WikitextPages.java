package io.espalier.model.text;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/**
 * The pages of WikiText, out of its raw files or rows of JSON: a page begins with a line such as {@code = Title =}.
 *
 * @param field name of the field of the request that names the text, for messages
 * @param files read one after the other
 * @param column where rows of JSON have their page; empty: where they usually have it
 */
public record WikitextPages(String field, List<Path> files, String column) {
    /** Where rows have their page. The rows of WikiText's own data set have a column text, but each is a line and no page. */
    private static final List<String> USUAL = List.of("page");

    /** Of one page; the longest of WikiText-103 has some 150,000. */
    private static final int MAX_CHARS = 2_000_000;

    /**
     * Hands over page by page, as long as more are wanted.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} naming the field when it is not UTF-8, has rows without a page or a page
     *     of more than two million characters; {@code MODEL_NOT_FOUND} when it cannot be read
     */
    public void forEachWhile(Predicate<WikitextPage> wanted) {
        try (Documents documents = new TextFiles(field, files, column, USUAL, Conversations.NONE).open()) {
            boolean more = true;
            for (Reader document = documents.next(); more && document != null; document = documents.next()) {
                more = pages(document, wanted);
            }
        } catch (IOException e) {
            throw TextFiles.unreadable(field, e);
        }
    }

    private boolean pages(Reader document, Predicate<WikitextPage> wanted) throws IOException {
        StringBuilder page = new StringBuilder();
        StringBuilder line = new StringBuilder();
        Lines lines = new Lines(document);
        boolean first = true;
        while (lines.next(line)) {
            Cancellation.check();
            if (title(line.toString())) {
                if (!Blanks.strip(page.toString()).isEmpty() && !wanted.test(new WikitextPage(page.toString()))) {
                    return false;
                }
                page.setLength(0);
                first = true;
            }
            if (!first) {
                page.append('\n');
            }
            page.append(line);
            first = false;
            requireFits(page.length());
        }
        return Blanks.strip(page.toString()).isEmpty() || wanted.test(new WikitextPage(page.toString()));
    }

    /** Titles of sections have more signs. */
    private static boolean title(String line) {
        String marked = Blanks.strip(line.replace("= = =", "===").replace("= =", "=="));
        return marked.startsWith("= ") && marked.endsWith(" =");
    }

    private void requireFits(int chars) {
        if (chars > MAX_CHARS) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "%s: a page is longer than %,d characters; pages begin with a line such as \"= Title =\""
                            .formatted(field, MAX_CHARS));
        }
    }

    /** Lines that end with a line feed, a carriage return or both, as Python reads them; the last may be empty. */
    private final class Lines {
        private final Reader reader;
        private final char[] chunk = new char[1 << 14];
        private int at;
        private int end;
        private boolean returned;
        private boolean over;

        Lines(Reader reader) {
            this.reader = reader;
        }

        boolean next(StringBuilder line) throws IOException {
            line.setLength(0);
            if (over) {
                return false;
            }
            while (true) {
                if (at == end) {
                    end = reader.read(chunk, 0, chunk.length);
                    at = 0;
                    if (end < 0) {
                        over = true;
                        return true;
                    }
                }
                char next = chunk[at++];
                boolean paired = returned && next == '\n';
                returned = next == '\r';
                if (paired) {
                    continue;
                }
                if (returned || next == '\n') {
                    return true;
                }
                line.append(next);
                requireFits(line.length());
            }
        }
    }
}
