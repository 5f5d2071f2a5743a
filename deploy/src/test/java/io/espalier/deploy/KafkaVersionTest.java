package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.AppInfoParser;
import org.junit.jupiter.api.Test;

class KafkaVersionTest {
    @Test
    void theBrokersBroughtAlongAreOfTheVersionTheClientsAreTestedWith() {
        // Given
        Stream<Path> files = Stream.of(
                Repository.DEPLOY.resolve("local/compose.yaml"),
                Repository.OVERLAYS.resolve("local/kafka.yaml"),
                Repository.OVERLAYS.resolve("local/topics.yaml"));

        // When
        List<String> versions = files.map(Repository::text)
                .flatMap(text ->
                        Pattern.compile("apache/kafka:(\\S+)").matcher(text).results())
                .map(match -> match.group(1))
                .toList();

        // Then
        assertThat(versions).hasSize(4).containsOnly(AppInfoParser.getVersion());
    }
}
