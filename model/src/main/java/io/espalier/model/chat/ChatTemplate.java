package io.espalier.model.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.tree.Node;
import io.espalier.base.Cancellation;
import io.espalier.model.file.Quoted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jinjava.javax.el.CompositeELResolver;

/**
 * A template, set up as transformers' {@code apply_chat_template} does, without a prompt for an answer. The token that begins a
 * sequence is left out: windows begin with it. The date is not known to templates, so that the same rows give the same text. Not
 * for several threads at once.
 */
public final class ChatTemplate {
    /** Parts of the template that are rendered for one conversation. */
    private static final int MAX_STEPS = 100_000;

    /** Of what a template writes, and of any text on the way. */
    static final int MAX_CHARS = 16_000_000;

    private static final Set<String> CHANCE = Set.of("random", "shuffle");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Jinjava jinja;
    private final String template;
    private final String end;
    private int steps;

    /**
     * @param end the text of the token that ends a sequence, {@code eos_token}
     * @throws ChatTemplateException when the template cannot be run as Jinja2 would run it
     */
    public ChatTemplate(String template, String end) throws ChatTemplateException {
        this.end = end;
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        this.jinja = new Jinjava(JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withNestedInterpretationEnabled(false)
                .withDisabled(Map.of(Context.Library.FILTER, CHANCE))
                .withElResolver(resolver)
                .withMaxOutputSize(MAX_CHARS)
                .withMaxStringLength(MAX_CHARS)
                .withMaxRenderDepth(100)
                .withRangeLimit(100)
                .withProcessors(JinjavaProcessors.newBuilder()
                        .withNodePreProcessor(this::count)
                        .build())
                .withLegacyOverrides(LegacyOverrides.newBuilder()
                        .withUsePyishObjectMapper(true)
                        .withKeepNullableLoopValues(true)
                        .withUseTrimmingForNotesAndExpressions(true)
                        .withEvaluateMapKeys(true)
                        .withIterateOverMapKeys(true)
                        .build())
                .build());
        Extensions.register(jinja);
        this.template = JinjaSource.of(template, jinja.getGlobalContext());
    }

    private void count(Node node, JinjavaInterpreter interpreter) {
        Cancellation.check();
        if (++steps > MAX_STEPS) {
            throw new IllegalStateException("runs for more than %,d steps".formatted(MAX_STEPS));
        }
    }

    /**
     * The text of a conversation.
     *
     * @param messages an array of objects with {@code role} and {@code content}
     * @throws ChatTemplateException when they are none, or the template refuses them or cannot be run
     */
    public String text(JsonNode messages) throws ChatTemplateException {
        steps = 0;
        Map<String, Object> context = new HashMap<>();
        context.put("messages", checked(messages));
        context.put("bos_token", "");
        context.put("eos_token", end);
        context.put("add_generation_prompt", false);
        RenderResult result = jinja.renderForResult(template, context);
        // The engine took a cancel for an error of the template.
        Cancellation.check();
        if (result.hasErrors()) {
            throw new ChatTemplateException("the model's chat template cannot be put around it: "
                    + Quoted.of(result.getErrors().get(0).getMessage()));
        }
        return result.getOutput();
    }

    private static List<Map<String, Object>> checked(JsonNode messages) throws ChatTemplateException {
        if (!messages.isArray() || messages.isEmpty()) {
            throw new ChatTemplateException("messages is no list of messages");
        }
        List<Map<String, Object>> checked = new ArrayList<>();
        for (JsonNode message : messages) {
            JsonNode parts = message.path("content");
            // Data sets with images write a text as a list of one part, which templates for texts would print as a
            // list.
            JsonNode content =
                    parts.isArray() && parts.size() == 1 ? parts.get(0).path("text") : parts;
            if (!message.path("role").isTextual() || !content.isTextual()) {
                throw new ChatTemplateException(
                        "message %d has no role, or no text as its content".formatted(checked.size() + 1));
            }
            Map<String, Object> fields = new LinkedHashMap<>();
            message.properties().forEach(field -> {
                // Where one row of a table has a field, all have it.
                if (!field.getValue().isNull()) {
                    fields.put(field.getKey(), JSON.convertValue(field.getValue(), Object.class));
                }
            });
            fields.put("content", content.textValue());
            checked.add(fields);
        }
        return checked;
    }
}
