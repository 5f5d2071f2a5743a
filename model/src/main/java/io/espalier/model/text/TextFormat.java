package io.espalier.model.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.espalier.model.file.StrictJson;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;

/** What a file of text holds, by its first bytes and not by its name: names lie, and JSON read as prose is silent nonsense. */
enum TextFormat {
    /** Prose: the whole file is one document. */
    PLAIN,
    /** JSON objects, one after the other or in one array: each is a document. */
    ROWS,
    /** A columnar file: each row is a document. */
    PARQUET;

    private static final byte[] PARQUET_MAGIC = {'P', 'A', 'R', '1'};

    /** @param head the first bytes of the file, some thousand where it has as many */
    static TextFormat of(byte[] head) {
        if (head.length >= PARQUET_MAGIC.length
                && Arrays.equals(head, 0, PARQUET_MAGIC.length, PARQUET_MAGIC, 0, PARQUET_MAGIC.length)) {
            return PARQUET;
        }
        return beginsWithRow(head) ? ROWS : PLAIN;
    }

    /**
     * Whether an object with a named value begins here, alone or as the first of an array. A row may be longer than the head, so
     * it need not end in it; code and prose that begin with a brace have no quoted name and colon behind it.
     */
    private static boolean beginsWithRow(byte[] head) {
        try (JsonParser json = StrictJson.parser(new ByteArrayInputStream(head))) {
            JsonToken first = json.nextToken();
            if (first == JsonToken.START_ARRAY) {
                first = json.nextToken();
            }
            return first == JsonToken.START_OBJECT
                    && json.nextToken() == JsonToken.FIELD_NAME
                    && json.nextToken() != null;
        } catch (IOException e) {
            return false;
        }
    }
}
