package io.espalier.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file of rows: of JSON, one after the other or in one array, packed with gzip or not, or of Parquet. One row is in memory at a
 * time.
 */
public final class RowFile implements AutoCloseable {
    private final Rows rows;
    private final String field;

    private RowFile(Rows rows, String field) {
        this.rows = rows;
        this.field = field;
    }

    /**
     * One row.
     *
     * @param values a JSON object
     */
    public record Row(JsonNode values, String place) {
        /** That the row cannot be used, and why: "has no column text". */
        public EspalierException invalid(String what) {
            return new EspalierException(ErrorCode.INVALID_ARGUMENT, place + " " + what);
        }
    }

    /**
     * @param field of the request that names the file, for messages
     * @throws EspalierException {@code INVALID_ARGUMENT} for what holds no rows, {@code MODEL_NOT_FOUND}
     */
    public static RowFile open(String field, Path file) {
        try {
            return new RowFile(new TextFiles(field, List.of(file), "", Conversations.NONE).rows(file), field);
        } catch (IOException e) {
            throw unreadable(field, e);
        }
    }

    /**
     * The next row; null at the end.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} for what is no such row
     */
    public @Nullable Row next() {
        try {
            JsonNode values = rows.next();
            return values == null ? null : new Row(values, rows.place());
        } catch (IOException e) {
            throw unreadable(field, e);
        }
    }

    private static EspalierException unreadable(String field, IOException e) {
        return TextFiles.unreadable(field, e);
    }

    @Override
    public void close() {
        try {
            rows.close();
        } catch (IOException e) {
            throw unreadable(field, e);
        }
    }
}
