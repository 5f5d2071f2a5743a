package io.espalier.model.export;

import java.util.List;
import java.util.Map;

/** How messages of a chat become a text: templates beside the tokenizer, in a file of their own or in its settings. */
final class GgufChatTemplates {
    private GgufChatTemplates() {}

    /** @param templates by name; the usual one has the name {@code ""} */
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
