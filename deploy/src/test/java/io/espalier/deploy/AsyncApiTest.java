package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.espalier.deploy.AsyncApiTest.Document.Channel;
import io.espalier.deploy.AsyncApiTest.Document.Message;
import io.espalier.deploy.AsyncApiTest.Document.Ref;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.Topic;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.Event;
import io.espalier.v1.Fact;
import io.espalier.v1.Request;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class AsyncApiTest {
    private static final Document API =
            Strict.read(Repository.text(Repository.ROOT.resolve("proto/asyncapi.yaml")), Document.class);
    private static final List<String> PUBLISHED =
            List.of("layer-scores", "pruned-checkpoints", "evaluations", "job-events");

    /** The part of AsyncAPI 3.0 that is in use. */
    record Document(
            String asyncapi,
            Info info,
            String defaultContentType,
            Map<String, Channel> channels,
            Map<String, Operation> operations,
            Components components) {
        record Info(String title, String version, String description, Map<String, String> license) {}

        record Channel(String address, String description, Map<String, Ref> messages, ChannelBindings bindings) {}

        record ChannelBindings(TopicBinding kafka) {}

        record TopicBinding(int partitions, Map<String, Long> topicConfiguration) {}

        record Operation(String action, Ref channel) {}

        record Ref(@JsonProperty("$ref") String ref) {
            String name() {
                return ref.substring(ref.lastIndexOf('/') + 1);
            }
        }

        record Components(Map<String, Message> messages, Map<String, Trait> messageTraits) {}

        record Message(
                String name, List<Ref> traits, String contentType, Payload payload, Map<String, Object> bindings) {}

        record Payload(String schemaFormat, Ref schema) {}

        record Trait(Headers headers) {}

        record Headers(String type, List<String> required, Map<String, Object> properties) {}
    }

    @Test
    void everyChannelIsADeclaredTopic() {
        // Given
        Map<String, Topic> topics =
                TopicCatalog.load("").topics().stream().collect(Collectors.toMap(Topic::name, topic -> topic));

        // When
        Map<String, Channel> channels = API.channels();

        // Then
        assertThat(channels).containsOnlyKeys(publicTopics());
        channels.forEach((name, channel) -> {
            Topic topic = topics.get(channel.address());
            assertThat(name).isEqualTo(topic.name());
            assertThat(channel.bindings().kafka().partitions()).isEqualTo(topic.partitions());
            assertThat(channel.bindings().kafka().topicConfiguration()).containsEntry("retention.ms", millis(topic));
        });
    }

    @Test
    void everyOperationIsSeenFromTheServices() {
        // When
        Map<String, String> actions = API.operations().values().stream()
                .collect(Collectors.toMap(operation -> operation.channel().name(), Document.Operation::action));

        // Then
        assertThat(actions).containsOnlyKeys(publicTopics());
        actions.forEach(
                (topic, action) -> assertThat(action).isEqualTo(PUBLISHED.contains(topic) ? "send" : "receive"));
    }

    @Test
    void everyMessageIsAProtobufMessageOfTheFileItNames() {
        // Given
        Map<String, Descriptor> descriptors = Stream.of(
                        Request.getDescriptor(), Fact.getDescriptor(), Event.getDescriptor())
                .map(FileDescriptor::getMessageTypes)
                .flatMap(List::stream)
                .collect(Collectors.toMap(Descriptor::getFullName, descriptor -> descriptor));

        // When
        Map<String, Message> messages = API.components().messages();

        // Then
        messages.forEach((name, message) -> {
            Descriptor descriptor = descriptors.get(message.name());
            assertThat(descriptor).as(message.name()).isNotNull();
            assertThat(descriptor.getName()).isEqualTo(name);
            String file = message.payload().schema().ref();
            assertThat(file).isEqualTo("src/main/proto/" + descriptor.getFile().getName());
            assertThat(Repository.ROOT.resolve("proto").resolve(file)).matches(Files::exists);
            assertThat(message.contentType()).isEqualTo(CloudEventHeaders.PROTOBUF);
        });
        assertThat(API.channels().values().stream()
                        .flatMap(channel -> channel.messages().values().stream())
                        .map(Ref::name))
                .containsExactlyInAnyOrderElementsOf(messages.keySet());
    }

    @Test
    void theHeadersAreThoseTheServicesWrite() {
        // Given
        var trace = new RecordHeaders().add("traceparent", new byte[0]);

        // When
        var written = CloudEventHeaders.of("scorer", "job", "ScoreFact", 0, trace);

        // Then
        List<String> names = new ArrayList<>();
        for (Header header : written) {
            names.add(header.key());
        }
        var headers = API.components().messageTraits().get("CloudEvent").headers();
        assertThat(headers.properties().keySet()).containsExactlyInAnyOrderElementsOf(names);
        names.remove("traceparent");
        assertThat(headers.required()).containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void theFactsOfEveryStageArePublic() {
        // When
        Stream<String> facts = TopicFile.declared().stages().stream().map(StageTopics::facts);

        // Then
        assertThat(facts).allMatch(PUBLISHED::contains);
    }

    private static String[] publicTopics() {
        TreeSet<String> topics = new TreeSet<>(PUBLISHED);
        topics.addAll(List.of("prune-requests", "job-commands"));
        return topics.toArray(String[]::new);
    }

    private static long millis(Topic topic) {
        return topic.retentionHours() < 0 ? -1 : TimeUnit.HOURS.toMillis(topic.retentionHours());
    }
}
