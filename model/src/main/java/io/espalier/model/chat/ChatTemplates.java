package io.espalier.model.chat;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.file.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Where a checkpoint has its templates: in a file of their own, or in the tokenizer's settings. */
public final class ChatTemplates {
    /** The name of the one that is used where none is asked for. */
    public static final String USUAL = "";

    private static final String KEY = "chat_template";
    private static final String JINJA = "chat_template.jinja";
    private static final String JSON = "chat_template.json";
    private static final long MAX_BYTES = 1_000_000;

    private ChatTemplates() {}

    /**
     * By name.
     *
     * @param files beside the weights, by name
     * @param settings tokenizer_config.json
     * @throws EspalierException {@code MODEL_CORRUPT} naming a file that cannot be read
     */
    public static Map<String, String> of(Map<String, Path> files, JsonNode settings) {
        Map<String, String> templates = new TreeMap<>();
        JsonNode own = settings.path(KEY);
        if (own.isTextual()) {
            templates.put(USUAL, own.textValue());
        }
        for (JsonNode named : own.isArray() ? own : List.<JsonNode>of()) {
            String name = named.path("name").asText();
            templates.put(
                    name.equals("default") ? USUAL : name,
                    named.path("template").asText());
        }
        Path json = files.get(JSON);
        if (json != null) {
            String template = StrictJson.readObject(json, MAX_BYTES).path(KEY).asText("");
            if (!template.isEmpty()) {
                templates.put(USUAL, template);
            }
        }
        Path jinja = files.get(JINJA);
        if (jinja != null) {
            templates.put(USUAL, text(jinja));
        }
        return templates;
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new EspalierException(ErrorCode.MODEL_CORRUPT, JINJA + ": larger than " + MAX_BYTES + " bytes");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, JINJA + ": cannot be read as UTF-8", e);
        }
    }
}
