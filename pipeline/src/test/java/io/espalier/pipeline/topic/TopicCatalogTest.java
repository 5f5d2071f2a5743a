package io.espalier.pipeline.topic;

import static org.assertj.core.api.Assertions.assertThat;

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
        for (StageTopics stage : TopicFile.declared().stages()) {
            assertThat(Stream.of(stage.input(), stage.tasks(), stage.results(), stage.facts())
                            .map(topics::name))
                    .allMatch(name -> name.startsWith("team."));
            assertThat(List.of(
                            topics.deadLetters(stage.input()),
                            topics.deadLetters(stage.tasks()),
                            topics.deadLetters(stage.results())))
                    .allMatch(name -> name.endsWith("-dlt"));
        }
    }

    @Test
    void topicsAStageJoinsByJobHaveTheSameNumberOfPartitions() {
        var partitions = topics.topics().stream().collect(Collectors.toMap(Topic::name, Topic::partitions));

        for (StageTopics stage : TopicFile.declared().stages()) {
            assertThat(List.of(partitions.get(stage.input()), partitions.get(stage.results())))
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
        List<String> readme = Files.readAllLines(Path.of("../README.md"));

        for (TopicFile.Entry topic : TopicFile.declared().topics()) {
            String kept = topic.retention() < 0 ? "for ever" : topic.retention() / 24 + " d";
            assertThat(readme)
                    .anyMatch(row ->
                            row.startsWith("| `%s` | %d | %s |".formatted(topic.name(), topic.partitions(), kept))
                                    && row.endsWith("| `%s` |".formatted(topic.message())));
        }
    }

    @Test
    void everyTopicHoldsAMessageOfTheContracts() {
        assertThat(TopicFile.declared().topics())
                .allSatisfy(topic -> assertThat(topic.parser()).isNotNull());
    }
}
