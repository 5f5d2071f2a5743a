package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.deploy.images.ServiceImage;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ComposeTest {
    private static final Path FILE = Repository.DEPLOY.resolve("local/compose.yaml");
    private static final Map<String, Service> SERVICES = services();

    /** The part of the Compose specification that is in use. */
    private record Service(
            String image,
            String restart,
            @JsonProperty("read_only") boolean readOnly,
            @JsonProperty("cap_drop") List<String> capDrop,
            @JsonProperty("security_opt") List<String> securityOpt,
            List<String> tmpfs,
            @JsonProperty("stop_grace_period") String stopGracePeriod,
            @JsonProperty("depends_on") Map<String, Dependency> dependsOn,
            Map<String, String> environment,
            List<String> volumes,
            List<String> ports,
            List<String> command,
            Healthcheck healthcheck) {}

    private record Dependency(String condition) {}

    private record Healthcheck(List<String> test, String interval, String timeout, int retries) {}

    private static List<StageTopics> stages() {
        return TopicFile.declared().stages();
    }

    @ParameterizedTest
    @MethodSource("stages")
    void aStageRunsFromItsImageWithKeysTheServicesRead(StageTopics stage) {
        // When
        Service service = SERVICES.get(stage.stage());

        // Then
        assertThat(service.image()).startsWith("espalier-" + stage.stage() + ":");
        assertThat(service.readOnly()).isTrue();
        assertThat(service.environment()).containsEntry("ESPALIER_ARTIFACTS_ROOT", ServiceImage.ARTIFACTS);
        assertThat(service.volumes()).anyMatch(volume -> volume.endsWith(":" + ServiceImage.ARTIFACTS));
        assertThat(service.environment().keySet())
                .isSubsetOf(ConfigurationKeys.environmentNamesWith("KAFKA_BOOTSTRAP_SERVERS"));
    }

    @Test
    void everyServiceThatIsWaitedForIsThere() {
        // When
        Set<String> waitedFor = new java.util.TreeSet<>();
        SERVICES.values().stream()
                .filter(service -> service.dependsOn() != null)
                .forEach(service -> waitedFor.addAll(service.dependsOn().keySet()));

        // Then
        assertThat(waitedFor).isNotEmpty().isSubsetOf(SERVICES.keySet());
    }

    @Test
    void everyFileOfThisRepositoryThatIsMountedExists() {
        // When
        List<Path> mounted = SERVICES.values().stream()
                .filter(service -> service.volumes() != null)
                .flatMap(service -> service.volumes().stream())
                .filter(volume -> volume.startsWith("../"))
                .map(volume -> FILE.resolveSibling(volume.substring(0, volume.indexOf(':'))))
                .toList();

        // Then
        assertThat(mounted).hasSize(6).allMatch(Files::exists);
    }

    /** The fields that `x-service` lends come first, a service's own after them. */
    private static Map<String, Service> services() {
        JsonNode file = Strict.documents(Repository.text(FILE)).get(0);
        Map<String, Service> services = new LinkedHashMap<>();
        file.get("services").properties().forEach(entry -> {
            ObjectNode merged = entry.getValue().deepCopy();
            if (merged.remove("<<") != null) {
                ObjectNode lent = file.get("x-service").deepCopy();
                merged = lent.setAll(merged);
            }
            services.put(entry.getKey(), Strict.as(merged, Service.class));
        });
        return services;
    }
}
