package io.espalier.pipeline.topic;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** The file that declares every topic and every stage: {@code topics.yaml}. */
public record TopicFile(List<Entry> topics, List<StageTopics> stages) {
    public TopicFile {
        topics = List.copyOf(topics);
        stages = List.copyOf(stages);
    }

    /**
     * One declared topic.
     *
     * @param retention hours; -1 keeps everything
     * @param deadLetters whether {@code <name>-dlt} is declared too
     */
    public record Entry(
            String name,
            int partitions,
            long retention,
            boolean compacted,
            @JsonProperty("dead_letters") boolean deadLetters) {}

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

    /** Reads another file of the same form. */
    public static TopicFile read(InputStream yaml) throws IOException {
        return new ObjectMapper(new YAMLFactory()).readValue(yaml, TopicFile.class);
    }
}
