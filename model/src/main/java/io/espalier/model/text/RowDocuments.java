package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Documents out of rows of JSON: one object after the other, or an array of them. One row is in memory at a time. */
final class RowDocuments implements Documents {
    /** Where the document of a row stands when nobody says so: the names that public data sets use. */
    private static final List<String> USUAL = List.of("text", "content");

    private final JsonParser json;
    private final String field;
    private final String file;
    private final String column;
    private long row;
    private boolean begun;
    private boolean inArray;

    /**
     * @param field of the request, and the file's name, for messages
     * @param column name of the value that is the document; empty: the usual ones
     */
    RowDocuments(JsonParser json, String field, String file, String column) {
        this.json = json;
        this.field = field;
        this.file = file;
        this.column = column;
    }

    @Override
    public @Nullable Reader next() throws IOException {
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
            row++;
            if (token != JsonToken.START_OBJECT) {
                throw invalid("is no JSON object");
            }
            return new StringReader(document(StrictJson.MAPPER.readTree(json)));
        } catch (JsonProcessingException e) {
            row = Math.max(row, 1);
            throw invalid("is not JSON: " + Quoted.of(e.getOriginalMessage()));
        }
    }

    private String document(JsonNode values) {
        if (!column.isEmpty()) {
            return textAt(values, column);
        }
        for (String usual : USUAL) {
            if (values.has(usual)) {
                return textAt(values, usual);
            }
        }
        if (values.has("instruction") && values.has("output")) {
            List<String> parts = new ArrayList<>(List.of(textAt(values, "instruction")));
            if (values.hasNonNull("input") && !textAt(values, "input").isEmpty()) {
                parts.add(textAt(values, "input"));
            }
            parts.add(textAt(values, "output"));
            return String.join("\n", parts);
        }
        if (values.has("messages")) {
            throw invalid("holds messages, which the model's chat template would have to be put around;"
                    + " apply it yourself and write the outcome into a column text");
        }
        throw invalid(
                "has none of the columns text, content, or instruction with output; its columns are %s, name one of them"
                        .formatted(names(values)));
    }

    private String textAt(JsonNode values, String name) {
        JsonNode value = values.get(name);
        if (value == null) {
            throw invalid("has no column %s; its columns are %s".formatted(Quoted.of(name), names(values)));
        }
        if (!value.isTextual()) {
            throw invalid("has no text in column " + Quoted.of(name));
        }
        return value.textValue();
    }

    private static String names(JsonNode values) {
        List<String> names = new ArrayList<>();
        for (Iterator<String> all = values.fieldNames(); all.hasNext() && names.size() < 20; ) {
            names.add(Quoted.of(all.next()));
        }
        return String.join(", ", names);
    }

    private EspalierException invalid(String what) {
        return new EspalierException(
                ErrorCode.INVALID_ARGUMENT, "%s: row %d of %s %s".formatted(field, row, file, what));
    }

    @Override
    public void close() throws IOException {
        json.close();
    }
}
