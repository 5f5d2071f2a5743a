package io.espalier.model.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads JSON from untrusted files: depth, string length and size are bounded, only UTF-8 and no duplicate name is
 * allowed.
 */
public final class StrictJson {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_STRING_CHARS = 1_000_000;

    /** A row may hold a whole book; several times as much is in memory while it is read. */
    private static final int MAX_ROW_CHARS = 16_000_000;

    private static final JsonFactory FACTORY = factory(MAX_STRING_CHARS);
    private static final JsonFactory ROWS = factory(MAX_ROW_CHARS);

    public static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    private StrictJson() {}

    /** Names are not interned, because the interned names of a hostile file would stay in memory. */
    private static JsonFactory factory(int maxStringChars) {
        return JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxStringLength(maxStringChars)
                        .maxNameLength(4096)
                        .maxNumberLength(64)
                        .build())
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .build();
    }

    /**
     * Reads one JSON object.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND}, or {@code MODEL_CORRUPT} naming the file
     */
    public static ObjectNode readObject(Path file, long maxBytes) {
        String name = String.valueOf(file.getFileName());
        RegularFile.require(file, ErrorCode.MODEL_NOT_FOUND, name);
        try {
            if (Files.size(file) > maxBytes) {
                throw new EspalierException(
                        ErrorCode.MODEL_CORRUPT, name + ": larger than " + maxBytes + " bytes, refused");
            }
            JsonNode node;
            try (JsonParser json = parser(Files.newInputStream(file))) {
                node = MAPPER.readTree(json);
                if (node != null && json.nextToken() != null) {
                    throw new EspalierException(ErrorCode.MODEL_CORRUPT, name + ": more than one JSON value");
                }
            }
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, name + ": is no JSON object");
        } catch (JsonProcessingException | CharacterCodingException e) {
            throw malformed(name, e);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, name + ": cannot be read", e);
        }
    }

    /** A parser that fails on bytes that are not UTF-8. */
    public static JsonParser parser(InputStream in) throws IOException {
        return FACTORY.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    }

    /** The same for rows of text: strings may be as long as a book. */
    public static JsonParser rows(InputStream in) throws IOException {
        return ROWS.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
    }

    /** The {@code MODEL_CORRUPT} exception for a JSON file that could not be parsed. */
    public static EspalierException malformed(String file, IOException e) {
        String what = e instanceof JsonProcessingException json ? json.getOriginalMessage() : "not UTF-8";
        return new EspalierException(ErrorCode.MODEL_CORRUPT, file + ": malformed JSON: " + Quoted.of(what), e);
    }
}
