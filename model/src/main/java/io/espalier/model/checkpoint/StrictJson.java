package io.espalier.model.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON from files nobody vouches for: bounded depth, strings and size; UTF-8 only; no name twice. */
final class StrictJson {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_STRING_CHARS = 1_000_000;

    /** Names are kept as they come: interning a hostile header's names would outlive it. */
    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNameLength(4096)
                    .maxNumberLength(64)
                    .build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .build();

    static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private StrictJson() {}

    /**
     * Reads one JSON object.
     *
     * @throws EspalierException {@code MODEL_NOT_FOUND}, or {@code MODEL_CORRUPT} naming the file
     */
    static ObjectNode readObject(Path file, long maxBytes) {
        String name = String.valueOf(file.getFileName());
        if (!Files.isRegularFile(file)) {
            throw new EspalierException(ErrorCode.MODEL_NOT_FOUND, name + ": no such file in the checkpoint folder");
        }
        try {
            if (Files.size(file) > maxBytes) {
                throw new EspalierException(
                        ErrorCode.MODEL_CORRUPT, name + ": larger than " + maxBytes + " bytes, refused");
            }
            JsonNode node = MAPPER.readTree(Files.readAllBytes(file));
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, name + ": is no JSON object");
        } catch (JsonProcessingException e) {
            throw malformed(name, e);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.INTERNAL, name + ": cannot be read", e);
        }
    }

    static EspalierException malformed(String file, JsonProcessingException e) {
        return new EspalierException(
                ErrorCode.MODEL_CORRUPT, file + ": malformed JSON: " + Quoted.of(e.getOriginalMessage()), e);
    }
}
