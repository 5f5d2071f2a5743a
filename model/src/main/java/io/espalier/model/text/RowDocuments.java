package io.espalier.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.chat.ChatTemplateException;
import io.espalier.model.file.Quoted;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Documents out of rows. */
final class RowDocuments implements Documents {
    /** Where the document of a row stands when nobody says so: the names that public data sets use. */
    static final List<String> USUAL = List.of("text", "content");

    private static final String MESSAGES = "messages";

    private final Rows rows;
    private final String column;
    private final List<String> usual;
    private final Conversations conversations;

    /**
     * @param column name of the value that is the document; empty: the usual ones
     * @param usual names, of which the first that a row has is taken
     */
    RowDocuments(Rows rows, String column, List<String> usual, Conversations conversations) {
        this.rows = rows;
        this.column = column;
        this.usual = usual;
        this.conversations = conversations;
    }

    /** Names of the columns out of which documents are made, as far as a row has them. */
    static Set<String> columns(String column, List<String> usual) {
        Set<String> columns = new LinkedHashSet<>(column.isEmpty() ? usual : List.of(column));
        if (column.isEmpty()) {
            columns.addAll(List.of("instruction", "input", "output", MESSAGES));
        }
        return columns;
    }

    @Override
    public @Nullable Reader next() throws IOException {
        JsonNode values = rows.next();
        return values == null ? null : new StringReader(document(values));
    }

    private String document(JsonNode values) {
        if (!column.isEmpty()) {
            return values.path(column).isArray() ? conversation(values.get(column)) : textAt(values, column);
        }
        for (String name : usual) {
            if (values.has(name)) {
                return textAt(values, name);
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
        if (values.has(MESSAGES)) {
            return conversation(values.get(MESSAGES));
        }
        throw rows.invalid(
                "has none of the columns %s, instruction with output, or messages; its columns are %s, name one of them"
                        .formatted(String.join(", ", usual), names(values)));
    }

    private String conversation(JsonNode messages) {
        try {
            return conversations.text(messages);
        } catch (ChatTemplateException e) {
            throw rows.invalid("cannot be read: " + e.getMessage());
        }
    }

    private String textAt(JsonNode values, String name) {
        JsonNode value = values.get(name);
        if (value == null) {
            throw rows.invalid("has no column %s; its columns are %s".formatted(Quoted.of(name), names(values)));
        }
        if (!value.isTextual()) {
            throw rows.invalid("has no text in column " + Quoted.of(name));
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

    @Override
    public void close() throws IOException {
        rows.close();
    }
}
