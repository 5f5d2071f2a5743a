package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Rows of JSON: one object after the other, or an array of them. One row is in memory at a time. */
final class JsonRows implements Closeable {
    private final JsonParser json;
    private final String field;
    private final String file;
    private long row;
    private boolean begun;
    private boolean inArray;

    /** @param field of the request, and the file's name, for messages */
    JsonRows(JsonParser json, String field, String file) {
        this.json = json;
        this.field = field;
        this.file = file;
    }

    /**
     * The next row, a JSON object; null at the end.
     *
     * @throws JsonProcessingException for what {@link #malformed} tells
     * @throws EspalierException {@code INVALID_ARGUMENT} for a value that is no object
     */
    @Nullable
    JsonNode next() throws IOException {
        JsonToken token = json.nextToken();
        if (!begun) {
            begun = true;
            inArray = token == JsonToken.START_ARRAY;
            token = inArray ? json.nextToken() : token;
        }
        if (token == null || (inArray && token == JsonToken.END_ARRAY)) {
            return null;
        }
        row++;
        if (token != JsonToken.START_OBJECT) {
            throw invalid("is no JSON object");
        }
        return StrictJson.MAPPER.readTree(json);
    }

    /** Where the row that was read last stands, for messages. */
    String place() {
        return "%s: row %d of %s".formatted(field, Math.max(row, 1), file);
    }

    EspalierException malformed(JsonProcessingException e) {
        return invalid("is not JSON: " + Quoted.of(e.getOriginalMessage()));
    }

    EspalierException invalid(String what) {
        return new EspalierException(ErrorCode.INVALID_ARGUMENT, place() + " " + what);
    }

    @Override
    public void close() throws IOException {
        json.close();
    }
}
