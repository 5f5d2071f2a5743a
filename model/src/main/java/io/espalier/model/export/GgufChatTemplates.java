package io.espalier.model.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.StrictJson;
import io.espalier.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How messages of a chat become a text: templates beside the tokenizer, in a file of their own or in its settings. */
final class GgufChatTemplates {
    private static final String KEY = "chat_template";
    private static final String JINJA = "chat_template.jinja";
    private static final String JSON = "chat_template.json";
    private static final long MAX_BYTES = 1_000_000;

    private GgufChatTemplates() {}

    /** By name; the usual one has the name {@code ""}. */
    static Map<String, String> of(Checkpoint checkpoint) {
        Map<String, Path> files = checkpoint.companions();
        Map<String, String> templates = new TreeMap<>();
        JsonNode settings = Tokenizer.settings(checkpoint).path(KEY);
        if (settings.isTextual()) {
            templates.put("", settings.textValue());
        }
        for (JsonNode named : settings.isArray() ? settings : List.<JsonNode>of()) {
            String name = named.path("name").asText();
            templates.put(
                    name.equals("default") ? "" : name, named.path("template").asText());
        }
        Path json = files.get(JSON);
        if (json != null) {
            String template = StrictJson.readObject(json, MAX_BYTES).path(KEY).asText("");
            if (!template.isEmpty()) {
                templates.put("", template);
            }
        }
        Path jinja = files.get(JINJA);
        if (jinja != null) {
            templates.put("", text(jinja));
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

    static void write(Map<String, String> templates, GgufMetadata metadata) {
        List<String> named =
                templates.keySet().stream().filter(name -> !name.isEmpty()).toList();
        if (!named.isEmpty()) {
            metadata.texts("tokenizer.chat_templates", named);
        }
        templates.forEach((name, template) ->
                metadata.text("tokenizer.chat_template" + (name.isEmpty() ? "" : "." + name), template));
    }
}
