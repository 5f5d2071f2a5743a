package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Rows of JSON: one object after the other, or an array of them. */
final class JsonRows extends Rows {
    private final JsonParser json;
    private boolean begun;
    private boolean inArray;

    JsonRows(JsonParser json, String field, String file) {
        super(field, file);
        this.json = json;
    }

    @Override
    @Nullable
    JsonNode read() throws IOException {
        try {
            JsonToken token = json.nextToken();
            if (!begun) {
                begun = true;
                inArray = token == JsonToken.START_ARRAY;
                token = inArray ? json.nextToken() : token;
            }
            if (token == null || (inArray && token == JsonToken.END_ARRAY)) {
                return null;
            }
            if (token != JsonToken.START_OBJECT) {
                throw invalid("is no JSON object");
            }
            return StrictJson.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw invalid("is not JSON: " + Quoted.of(e.getOriginalMessage()));
        }
    }

    @Override
    public void close() throws IOException {
        json.close();
    }
}
