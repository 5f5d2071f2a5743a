package io.espalier.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The rows of a file, each a JSON object. One row is in memory at a time. */
abstract class Rows implements Closeable {
    private final String field;
    private final String file;
    private long row;

    /** @param field of the request, and the file's name, for messages */
    Rows(String field, String file) {
        this.field = field;
        this.file = file;
    }

    /**
     * The next row, a JSON object; null at the end.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} for what is no such row
     */
    @Nullable
    JsonNode next() throws IOException {
        row++;
        return read();
    }

    abstract @Nullable JsonNode read() throws IOException;

    /** Where the row that was read last stands, for messages. */
    String place() {
        return "%s: row %d of %s".formatted(field, Math.max(row, 1), file);
    }

    EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, place() + " " + what);
    }
}
