package io.espalier.pipeline.request;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.PruneRequest;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The request as people write it: proto3 JSON, or the same in YAML. A misspelt field is an error, not a default, and so is a
 * field that is given twice.
 */
public final class RequestJson {
    private static final ObjectMapper JSON = strict(new JsonFactory());
    private static final ObjectMapper YAML = strict(new YAMLFactory());

    private RequestJson() {}

    /** The protobuf parser takes the last of several values of a field, and ignores what follows the object. */
    private static ObjectMapper strict(JsonFactory format) {
        return new ObjectMapper(format)
                .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

    /** @throws EspalierException MALFORMED_MESSAGE naming the field or the place */
    public static PruneRequest fromJson(String json) {
        try {
            refuseTwoSpellings(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            throw malformed("not a prune request in proto3 JSON: " + reason(e), e);
        }
        return parse(json);
    }

    /** @throws EspalierException MALFORMED_MESSAGE naming the field or the place */
    public static PruneRequest fromYaml(String yaml) {
        try {
            JsonNode tree = YAML.readTree(yaml);
            refuseTwoSpellings(tree);
            return parse(tree.toString());
        } catch (JsonProcessingException e) {
            throw malformed("not YAML: " + reason(e), e);
        }
    }

    private static PruneRequest parse(String json) {
        try {
            PruneRequest.Builder request = PruneRequest.newBuilder();
            JsonFormat.parser().merge(json, request);
            return request.build();
        } catch (InvalidProtocolBufferException e) {
            throw malformed("not a prune request in proto3 JSON: " + reason(e), e);
        }
    }

    /** Proto3 JSON allows two spellings of a field: {@code unit_ratio} and {@code unitRatio}. */
    private static void refuseTwoSpellings(JsonNode node) {
        Map<String, String> spellings = new TreeMap<>();
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            String other = spellings.put(name.replace("_", "").toLowerCase(Locale.ROOT), name);
            if (other != null) {
                throw new EspalierException(
                        ErrorCode.MALFORMED_MESSAGE,
                        "not a prune request: %s and %s are the same field; give it once".formatted(other, name));
            }
        }
        node.forEach(RequestJson::refuseTwoSpellings);
    }

    /** Without the Java class names the parser puts in front. */
    private static String reason(InvalidProtocolBufferException e) {
        return String.valueOf(e.getMessage()).replaceAll("^([a-z]+\\.)+[A-Za-z$]+: ", "");
    }

    private static String reason(JsonProcessingException e) {
        JsonLocation at = e.getLocation();
        return at == null
                ? e.getOriginalMessage()
                : "%s (line %d, column %d)".formatted(e.getOriginalMessage(), at.getLineNr(), at.getColumnNr());
    }

    private static EspalierException malformed(String message, Exception cause) {
        return new EspalierException(ErrorCode.MALFORMED_MESSAGE, message, cause);
    }
}
