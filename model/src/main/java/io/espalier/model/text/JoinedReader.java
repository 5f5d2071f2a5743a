package io.espalier.model.text;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import org.jspecify.annotations.Nullable;

/** All documents as one text, a blank line between two of them, as the WikiText protocol has it. */
final class JoinedReader extends Reader {
    private static final String BETWEEN = "\n\n";

    private final Documents documents;
    private @Nullable Reader current;
    private @Nullable Reader following;
    private long count;

    JoinedReader(Documents documents) {
        this.documents = documents;
    }

    /** Documents that were begun. */
    long count() {
        return count;
    }

    @Override
    public int read(char[] target, int offset, int length) throws IOException {
        while (true) {
            if (current == null) {
                current = following != null ? following : documents.next();
                if (current == null) {
                    return -1;
                }
                if (following == null && count++ > 0) {
                    following = current;
                    current = new StringReader(BETWEEN);
                } else {
                    following = null;
                }
            }
            int read = current.read(target, offset, length);
            if (read != -1) {
                return read;
            }
            current = null;
        }
    }

    @Override
    public void close() throws IOException {
        documents.close();
    }
}
