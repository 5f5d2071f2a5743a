package io.espalier.model.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against Jinja2 as transformers sets it up; {@code make_expected.py} says how the numbers were made. */
class ChatTemplateTest {
    private static final Path FOLDER = Path.of("src/test/resources/chat");
    private static final ObjectMapper JSON = new ObjectMapper();

    static Stream<Arguments> cases() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (JsonNode one : JSON.readTree(Files.readString(FOLDER.resolve("expected.json")))) {
            cases.add(Arguments.of(
                    one.path("template").textValue() + " "
                            + one.path("conversation").intValue(),
                    one));
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aConversationReadsAsJinja2WritesIt(String name, JsonNode one) throws Exception {
        // Given
        ChatTemplate template = new ChatTemplate(
                Files.readString(FOLDER.resolve(one.path("template").textValue())), "</s>");
        String expected = one.path("expected").textValue();

        // When, then
        if (expected == null) {
            assertThatThrownBy(() -> template.text(one.path("messages"))).isInstanceOf(ChatTemplateException.class);
        } else {
            assertThat(template.text(one.path("messages"))).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}",
                "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% for d in range(1000) %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{{ '%s'.format('x') }}",
                "{{ ''.class.forName('java.lang.Runtime') }}",
                "{{ messages.getClass() }}",
                "{{ ____int3rpr3t3r____.config }}",
                "{% include 'file:///etc/passwd' %}",
                "{% set x = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' * 100000000 %}{{ x }}",
                "{% if %}",
                "{{ messages | nofilter }}",
                "{{ strftime_now('%d') }}",
                "{% for m in messages %}",
                "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
                "{{ [1, 2] | random }}",
                "{{ messages | tojson(indent=4) }}",
                "{{ messages | tojson(4) }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x|length }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = ns.x.replace('x', 'xx') %}{% endfor %}{{ ns.x|length }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = ns.x|replace('x', 'xx') %}{% endfor %}{{ ns.x|length }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}{{ ns.x|length }}",
                "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(90) %}{% set ns.x = (ns.x ~ '')|upper ~ ns.x %}{% endfor %}{{ ns.x|length }}",
            })
    void whatATemplateMustNotDoIsRefused(String template) {
        assertThatThrownBy(() -> new ChatTemplate(template, "</s>")
                        .text(JSON.readTree("[{\"role\": \"user\", \"content\": \"Hi\"}]")))
                .isInstanceOf(ChatTemplateException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{", "{{ (a=", "{{ not a", "{{ '", "{{ a.", "{{ a[", "{{ |", "{%", "{{ (a=- "})
    void aLongTemplateIsRefusedSoon(String part) {
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertThatThrownBy(
                        () -> new ChatTemplate(part.repeat(1_000_000 / part.length()), "")
                                .text(JSON.readTree("[{\"role\": \"user\", \"content\": \"Hi\"}]")))
                .isInstanceOf(ChatTemplateException.class));
    }

    @Test
    void aLongMacroWithoutANameIsRefusedSoon() {
        String macro = "{%- macro it\"" + "x".repeat(10_000) + " %}{% endmacro %}";

        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertThatThrownBy(() -> new ChatTemplate(macro, ""))
                .isInstanceOf(ChatTemplateException.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "3",
                "null",
                "[{\"role\": \"user\"}]",
                "[{\"content\": \"x\"}]",
                "[{\"role\": \"user\", \"content\": null}]",
                "[{\"role\": \"user\", \"content\": [{\"type\": \"image\"}, {\"type\": \"text\", \"text\": \"x\"}]}]",
            })
    void whatIsNoConversationIsRefused(String messages) {
        assertThatThrownBy(() -> new ChatTemplate("{{ messages }}", "</s>").text(JSON.readTree(messages)))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageContaining("message");
    }

    @Test
    void aTextThatIsTheOnlyPartOfItsContentIsRead() throws Exception {
        // Given
        JsonNode messages =
                JSON.readTree("[{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Hi\"}]}]");

        // When
        String text = new ChatTemplate("{{ messages[0]['content'] }}", "").text(messages);

        // Then
        assertThat(text).isEqualTo("Hi");
    }

    @Test
    void whatIsWrittenInAMessageIsNotRun() throws Exception {
        // Given
        JsonNode messages = JSON.readTree("[{\"role\": \"user\", \"content\": \"{{ 1 + 1 }} {% raw %}\"}]");

        // When
        String text = new ChatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}", "").text(messages);

        // Then
        assertThat(text).isEqualTo("{{ 1 + 1 }} {% raw %}");
    }
}
