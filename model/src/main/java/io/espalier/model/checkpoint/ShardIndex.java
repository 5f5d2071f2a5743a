package io.espalier.model.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.Quoted;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The content of {@code model.safetensors.index.json}: which shard holds which tensor.
 *
 * @param shardOf tensor name to file name
 */
record ShardIndex(Map<String, String> shardOf) {
    static final String FILE = "model.safetensors.index.json";
    private static final int MAX_SHARDS = 4096;
    private static final Pattern PLAIN_FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,254}");

    /** Shard files in name order. */
    List<String> shards() {
        return shardOf.values().stream().distinct().sorted().toList();
    }

    /**
     * @throws EspalierException {@code MODEL_CORRUPT}; {@code MODEL_URI_FORBIDDEN} for a shard that is not a plain file
     *     name
     */
    static ShardIndex read(Path file) throws IOException {
        Map<String, String> shardOf = new LinkedHashMap<>();
        if (Files.size(file) > SafetensorsHeader.MAX_HEADER_BYTES) {
            throw corrupt("larger than " + SafetensorsHeader.MAX_HEADER_BYTES + " bytes, refused");
        }
        try (InputStream in = Files.newInputStream(file);
                JsonParser json = StrictJson.parser(in)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw corrupt("is no JSON object");
            }
            boolean mapped = false;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean weightMap = json.currentName().equals("weight_map");
                json.nextToken();
                if (!weightMap) {
                    json.skipChildren();
                } else if (mapped || json.currentToken() != JsonToken.START_OBJECT) {
                    throw corrupt("weight_map must be one JSON object");
                } else {
                    mapped = true;
                    weightMap(json, shardOf);
                }
            }
            if (json.nextToken() != null) {
                throw corrupt("bytes after its JSON object");
            }
        } catch (JsonProcessingException | CharacterCodingException e) {
            throw StrictJson.malformed(FILE, e);
        }
        ShardIndex index = new ShardIndex(Map.copyOf(shardOf));
        if (shardOf.isEmpty() || index.shards().size() > MAX_SHARDS) {
            throw corrupt("weight_map must name 1 to " + MAX_SHARDS + " shards");
        }
        return index;
    }

    private static void weightMap(JsonParser json, Map<String, String> shardOf) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String tensor = json.currentName();
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                throw corrupt("tensor " + Quoted.of(tensor) + ": shard is no string");
            }
            String shard = json.getText();
            if (!PLAIN_FILE_NAME.matcher(shard).matches()) {
                throw new EspalierException(
                        ErrorCode.MODEL_URI_FORBIDDEN,
                        FILE + ": tensor " + Quoted.of(tensor) + ": shard is no plain file name");
            }
            if (shardOf.put(tensor, shard) != null) {
                throw corrupt("tensor " + Quoted.of(tensor) + " appears twice");
            }
            if (shardOf.size() > SafetensorsHeader.MAX_TENSORS) {
                throw corrupt("more than " + SafetensorsHeader.MAX_TENSORS + " tensors");
            }
        }
    }

    private static EspalierException corrupt(String what) {
        return new EspalierException(ErrorCode.MODEL_CORRUPT, FILE + ": " + what);
    }
}
