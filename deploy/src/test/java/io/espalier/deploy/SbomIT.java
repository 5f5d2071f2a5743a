package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The list of what is in a service against the jars that go into its image. */
class SbomIT {
    private static final Pattern CLASSIFIER = Pattern.compile("[?&]classifier=([^&]+)");

    static List<StageTopics> stages() {
        return TopicFile.declared().stages();
    }

    @ParameterizedTest
    @MethodSource("stages")
    void everyJarOfAServiceIsListed(StageTopics stage) throws Exception {
        // Given
        Path target = Repository.ROOT.resolve(stage.stage() + "-service/target");

        assumeTrue(Files.exists(target.resolve("sbom.json")), "made by the profile sbom");

        // When
        Set<String> listed = listed(target.resolve("sbom.json"));

        // Then
        assertThat(jars(target.resolve("quarkus-app/lib"))).isNotEmpty().isSubsetOf(listed);
    }

    /** Each component under the name that Quarkus gives its jar: group, artifact, version and classifier. */
    private static Set<String> listed(Path sbom) throws IOException {
        Set<String> names = new TreeSet<>();
        for (JsonNode component : new ObjectMapper().readTree(sbom.toFile()).path("components")) {
            var classifier = CLASSIFIER.matcher(component.path("purl").asText());
            names.add("%s.%s-%s%s.jar"
                    .formatted(
                            component.path("group").asText(),
                            component.path("name").asText(),
                            component.path("version").asText(),
                            classifier.find() ? "-" + classifier.group(1) : ""));
        }
        return names;
    }

    private static Set<String> jars(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
