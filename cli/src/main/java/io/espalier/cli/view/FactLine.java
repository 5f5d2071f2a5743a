package io.espalier.cli.view;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.TopicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Formats a record of one of Espalier's topics as one line of JSON. */
public final class FactLine {
    private static final ObjectMapper JSON = new ObjectMapper();

    private FactLine() {}

    /**
     * Formats one record.
     *
     * @param topic logical name of the topic
     * @return the message as JSON; for a dead letter or unreadable bytes, the key, the headers and the value in base64
     */
    public static String of(String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        return message(topic, value, headers).orElseGet(() -> raw(key, value, headers));
    }

    private static Optional<String> message(String topic, byte @Nullable [] value, Headers headers) {
        Optional<TopicFile.Entry> declared = TopicFile.declared().topic(topic);
        if (declared.isEmpty() || value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    CloudEventHeaders.isJson(headers)
                            ? JSON.readTree(value).toString()
                            : ProtoJson.line(declared.get().parser().parseFrom(value)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String raw(@Nullable String key, byte @Nullable [] value, Headers headers) {
        ObjectNode line = JSON.createObjectNode();
        line.put("key", key);
        ObjectNode all = line.putObject("headers");
        for (Header header : headers) {
            byte[] bytes = header.value();
            all.put(header.key(), bytes == null ? null : new String(bytes, StandardCharsets.UTF_8));
        }
        line.put("value", value == null ? null : Base64.getEncoder().encodeToString(value));
        return line.toString();
    }

    /** The logical names of the topics whose records have a type. Error messages list them. */
    public static SortedSet<String> topics() {
        return TopicFile.declared().topics().stream()
                .map(TopicFile.Entry::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
