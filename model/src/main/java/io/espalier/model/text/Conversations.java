package io.espalier.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.chat.ChatTemplateException;

/** Makes a text of the messages of a row, as {@link Tokenizer#conversation}. */
@FunctionalInterface
interface Conversations {
    /** Where a text alone is read. */
    Conversations NONE = messages -> {
        throw new ChatTemplateException("holds messages, which are no text here");
    };

    String text(JsonNode messages) throws ChatTemplateException;
}
