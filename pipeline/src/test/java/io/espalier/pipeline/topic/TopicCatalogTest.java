package io.espalier.pipeline.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.pipeline.stage.StageName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TopicCatalogTest {
    private final TopicCatalog topics = TopicCatalog.load("team.");

    @Test
    void everyTopicOfEveryStageIsDeclaredUnderThePrefix() {
        for (StageName stage : StageName.values()) {
            assertThat(Stream.of(stage.inputTopic(), stage.taskTopic(), stage.resultTopic(), stage.factTopic())
                            .map(topics::name))
                    .allMatch(name -> name.startsWith("team."));
            assertThat(List.of(
                            topics.deadLetters(stage.inputTopic()),
                            topics.deadLetters(stage.taskTopic()),
                            topics.deadLetters(stage.resultTopic())))
                    .allMatch(name -> name.endsWith("-dlt"));
        }
    }

    @Test
    void topicsAStageJoinsByJobHaveTheSameNumberOfPartitions() {
        var partitions = topics.topics().stream().collect(Collectors.toMap(Topic::name, Topic::partitions));

        for (StageName stage : StageName.values()) {
            assertThat(List.of(partitions.get(stage.inputTopic()), partitions.get(stage.resultTopic())))
                    .containsOnly(partitions.get("job-commands"));
        }
    }

    @Test
    void ofEachWorkerOnlyTheNewestBeatIsKeptAndOfALostOneForADay() {
        Topic workers = topics.topics().stream()
                .filter(topic -> topic.name().equals("workers"))
                .findFirst()
                .orElseThrow();

        assertThat(workers.settings())
                .containsEntry("cleanup.policy", "compact,delete")
                .containsEntry("retention.ms", "86400000")
                .containsKey("segment.ms");
    }

    @Test
    void theReadmeTellsOfEveryTopicAsDeclared() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));

        for (Topic topic : topics.topics()) {
            if (!topic.name().endsWith("-dlt")) {
                String kept = topic.retentionHours() < 0 ? "for ever" : topic.retentionHours() / 24 + " d";
                assertThat(readme).contains("| `%s` | %d | %s |".formatted(topic.name(), topic.partitions(), kept));
            }
        }
    }
}
