package io.espalier.pipeline.topic;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Every topic there is, from the one file that declares them, under the configured prefix. */
public final class TopicCatalog {
    /** Largest record any topic accepts, in bytes; records are kept under a quarter of it. */
    public static final int MAX_RECORD_BYTES = 1 << 20;

    /** Largest value of a record that our own code writes: it leaves room for the key and the headers. */
    public static final int MAX_VALUE_BYTES = MAX_RECORD_BYTES - (32 << 10);

    private static final String DEAD_LETTER_SUFFIX = "-dlt";

    private final String prefix;
    private final Map<String, Topic> topics;

    private TopicCatalog(String prefix, Map<String, Topic> topics) {
        this.prefix = prefix;
        this.topics = topics;
    }

    /** @param prefix put before every name; may be empty */
    public static TopicCatalog load(String prefix) {
        return of(TopicFile.declared(), prefix);
    }

    /** The topics of another file than the one that ships with this version. */
    public static TopicCatalog of(TopicFile file, String prefix) {
        Map<String, Topic> topics = new LinkedHashMap<>();
        for (TopicFile.Entry topic : file.topics()) {
            topics.put(topic.name(), new Topic(topic.name(), topic.partitions(), topic.retention(), topic.compacted()));
            if (topic.deadLetters()) {
                String name = topic.name() + DEAD_LETTER_SUFFIX;
                topics.put(name, new Topic(name, 1, topic.retention(), false));
            }
        }
        return new TopicCatalog(prefix, topics);
    }

    /** The full name of a declared topic. */
    public String name(String logical) {
        if (!topics.containsKey(logical)) {
            throw new IllegalArgumentException("no topic " + logical + " in topics.yaml");
        }
        return prefix + logical;
    }

    /** Declared number of partitions of a topic. */
    public int partitions(String logical) {
        return Objects.requireNonNull(topics.get(logical), logical).partitions();
    }

    public String deadLetters(String logical) {
        return name(logical + DEAD_LETTER_SUFFIX);
    }

    public List<Topic> topics() {
        return List.copyOf(topics.values());
    }

    /** Creates what is not there yet; leaves existing topics as they are. */
    public void createMissing(Admin admin, int replicationFactor) {
        List<NewTopic> wanted = new ArrayList<>();
        for (Topic topic : topics.values()) {
            wanted.add(new NewTopic(prefix + topic.name(), topic.partitions(), (short) replicationFactor)
                    .configs(topic.settings()));
        }
        for (var creation : admin.createTopics(wanted).values().values()) {
            try {
                creation.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw new KafkaException("cannot create the topics", e.getCause());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new KafkaException(e);
            }
        }
    }
}
