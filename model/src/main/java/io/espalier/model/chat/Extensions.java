package io.espalier.model.chat;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.el.ext.NamedParameter;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.objects.Namespace;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What transformers adds to Jinja2, and where jinjava differs from Jinja2. */
final class Extensions {
    private static final ObjectWriter JSON = new ObjectMapper().writer(new Spaced());

    private Extensions() {}

    static void register(Jinjava jinja) {
        jinja.registerFunction(
                new ELFunctionDefinition("", "raise_exception", Extensions.class, "raise", String.class));
        jinja.registerFunction(
                new ELFunctionDefinition("", "namespace", Extensions.class, "namespace", Object[].class));
        Context context = jinja.getGlobalContext();
        context.registerFilter(new Trim());
        context.registerFilter(new ToJson());
        context.registerExpTest(new IsIterable());
        context.registerTag(new Generation());
    }

    /** What templates call for conversations that they do not know. */
    @SuppressWarnings("DoNotCallSuggester") // templates do
    public static String raise(String why) {
        throw new IllegalArgumentException(why);
    }

    /** {@code namespace(found=false)}: values that a loop can change. */
    public static Namespace namespace(Object... values) {
        Namespace namespace = new Namespace();
        for (Object value : values) {
            if (value instanceof NamedParameter named) {
                namespace.put(named.getName(), named.getValue());
            } else if (value instanceof Map<?, ?> map) {
                map.forEach((name, of) -> namespace.put(String.valueOf(name), of));
            }
        }
        return namespace;
    }

    private static final class Trim implements Filter {
        @Override
        public String getName() {
            return "trim";
        }

        @Override
        public @Nullable Object filter(@Nullable Object text, JinjavaInterpreter interpreter, String... arguments) {
            if (text == null) {
                return null;
            }
            return arguments.length == 0
                    ? PythonMethods.stripped(text.toString())
                    : PythonMethods.stripped(text.toString(), arguments[0]);
        }
    }

    /** A text is one of characters in Python. */
    private static final class IsIterable implements ExpTest {
        @Override
        public String getName() {
            return "iterable";
        }

        @Override
        public boolean evaluate(@Nullable Object value, JinjavaInterpreter interpreter, @Nullable Object... arguments) {
            return value instanceof CharSequence || value instanceof Collection || value instanceof Map;
        }
    }

    private static final class Spaced extends MinimalPrettyPrinter {
        private static final long serialVersionUID = 1;

        @Override
        public void writeObjectEntrySeparator(JsonGenerator json) throws IOException {
            json.writeRaw(", ");
        }

        @Override
        public void writeObjectFieldValueSeparator(JsonGenerator json) throws IOException {
            json.writeRaw(": ");
        }

        @Override
        public void writeArrayValueSeparator(JsonGenerator json) throws IOException {
            json.writeRaw(", ");
        }
    }

    /** As Python's json.dumps writes it: with blanks behind commas and colons. */
    private static final class ToJson implements Filter {
        @Override
        public String getName() {
            return "tojson";
        }

        @Override
        public Object filter(@Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
            if (arguments.length > 0) {
                throw new UnsupportedOperationException("writes JSON with settings");
            }
            try {
                return JSON.writeValueAsString(value);
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException("writes JSON of what is none", e);
            }
        }
    }

    /** Stands around what a model is trained to write; its content counts. */
    private static final class Generation implements Tag {
        @Override
        public String getName() {
            return "generation";
        }

        @Override
        public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
            StringBuilder content = new StringBuilder();
            for (Node child : tag.getChildren()) {
                content.append(child.render(interpreter));
            }
            return content.toString();
        }
    }
}
