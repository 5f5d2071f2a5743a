package io.espalier.pipeline.request;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.PruneRequest;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The request as people write it: proto3 JSON, or the same in YAML. A misspelt field is an error, not a default, and so is a
 * field that is given twice.
 */
public final class RequestJson {
    private static final ObjectMapper JSON = strict(new JsonFactory());
    private static final ObjectMapper YAML = strict(new YAMLFactory());

    /** An exponent of more than three digits. */
    private static final Pattern WIDE = Pattern.compile("[eE][+-]?\\d{4}");

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
            return parse(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            throw malformed("not a prune request in proto3 JSON: " + reason(e), e);
        }
    }

    /** @throws EspalierException MALFORMED_MESSAGE naming the field or the place */
    public static PruneRequest fromYaml(String yaml) {
        try {
            return parse(YAML.readTree(yaml));
        } catch (JsonProcessingException e) {
            throw malformed("not YAML: " + reason(e), e);
        }
    }

    private static PruneRequest parse(JsonNode tree) {
        check(tree, PruneRequest.getDescriptor());
        try {
            PruneRequest.Builder request = PruneRequest.newBuilder();
            JsonFormat.parser().merge(tree.toString(), request);
            return request.build();
        } catch (InvalidProtocolBufferException e) {
            throw malformed("not a prune request in proto3 JSON: " + reason(e), e);
        }
    }

    /** Refuses what the protobuf parser takes all the same, or takes long for. */
    private static void check(JsonNode message, Descriptor type) {
        refuseTwoSpellings(message);
        for (FieldDescriptor field : type.getFields()) {
            JsonNode value = message.path(message.has(field.getName()) ? field.getName() : field.getJsonName());
            for (JsonNode one : field.isRepeated() && value.isArray() ? value : List.of(value)) {
                if (one.isArray()) {
                    // The protobuf parser takes what is in a list of one, and in a list of that.
                    throw refused(field, "is a list; give one value");
                }
                if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                    check(one, field.getMessageType());
                } else if (one.isTextual()
                        && !StandardCharsets.UTF_8.newEncoder().canEncode(one.textValue())) {
                    throw refused(field, "has half of a character: a surrogate alone");
                } else {
                    number(one, field);
                }
            }
        }
    }

    /**
     * A number may be written as text. The protobuf parser writes all its digits out: of {@code 1e9999999}, ten million.
     */
    private static void number(JsonNode value, FieldDescriptor field) {
        boolean wide = value.isTextual()
                && field.getJavaType() != FieldDescriptor.JavaType.STRING
                && WIDE.matcher(value.textValue()).find();
        if (wide || (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue()))) {
            throw refused(field, "has a number beyond any that it can hold");
        }
    }

    private static EspalierException refused(FieldDescriptor field, String what) {
        return new EspalierException(
                ErrorCode.MALFORMED_MESSAGE, "not a prune request: %s %s".formatted(field.getName(), what));
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
    }

    /** Without the Java class names the parser puts in front. */
    private static String reason(InvalidProtocolBufferException e) {
        return String.valueOf(e.getMessage()).replaceAll("^([a-z]+\\.)+[A-Za-z$]+: ", "");
    }

    private static String reason(JsonProcessingException e) {
        JsonLocation at = e.getLocation();
        String what = e.getOriginalMessage().replaceAll(" \\(bound as [^)]*\\).*", "");
        return at == null ? what : "%s (line %d, column %d)".formatted(what, at.getLineNr(), at.getColumnNr());
    }

    private static EspalierException malformed(String message, Exception cause) {
        return new EspalierException(ErrorCode.MALFORMED_MESSAGE, message, cause);
    }
}
