package io.espalier.model.text;

import java.io.Closeable;
import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** The documents of a text, one after the other. */
interface Documents extends Closeable {
    /** The next document, to be read before the one after it is asked for; null at the end. */
    @Nullable
    Reader next() throws IOException;
}
