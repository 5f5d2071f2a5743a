package io.espalier.pipeline.topic;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.Internal;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.espalier.v1.JobEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The file that declares every topic and every stage: {@code topics.yaml}. */
public record TopicFile(List<Entry> topics, List<StageTopics> stages) {
    public TopicFile {
        topics = List.copyOf(topics);
        stages = List.copyOf(stages);
    }

    /**
     * One declared topic.
     *
     * @param message of {@code espalier.v1} that a record of the topic holds
     * @param retention hours; -1 keeps everything
     * @param deadLetters whether {@code <name>-dlt} is declared too
     */
    public record Entry(
            String name,
            String message,
            int partitions,
            long retention,
            boolean compacted,
            @JsonProperty("dead_letters") boolean deadLetters) {
        /** Parses the records of the topic. */
        public Parser<? extends Message> parser() {
            try {
                Class<?> type = Class.forName(JobEvent.class.getPackageName() + "." + message);
                return Internal.getDefaultInstance(type.asSubclass(Message.class))
                        .getParserForType();
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException("topic " + name + " holds a message that espalier.v1 has not", e);
            }
        }
    }

    /** Parsed once: the file is part of the program. */
    private static final class Shipped {
        static final TopicFile FILE = load();

        private Shipped() {}

        private static TopicFile load() {
            try (InputStream yaml = TopicFile.class.getResourceAsStream("/espalier/topics.yaml")) {
                return read(Objects.requireNonNull(yaml));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The file that ships with this version. */
    public static TopicFile declared() {
        return Shipped.FILE;
    }

    /** A declared topic by its name without prefix; empty when there is none. */
    public Optional<Entry> topic(String name) {
        return topics.stream().filter(topic -> topic.name().equals(name)).findFirst();
    }

    /** Reads another file of the same form. */
    public static TopicFile read(InputStream yaml) throws IOException {
        return new ObjectMapper(new YAMLFactory()).readValue(yaml, TopicFile.class);
    }
}
