package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.kustomize.v1beta1.Kustomization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class KubernetesFilesTest {
    static List<Path> files() throws IOException {
        return Repository.yamlFiles(Repository.KUBERNETES);
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFileHoldsResourcesWhoseFieldsAllExist(Path file) {
        // When
        Resources resources = Resources.parse(Repository.text(file));

        // Then
        assertThat(resources.all()).isNotEmpty();
    }

    /** The files that kustomizations take as whole resources; the others are patches, which say only what they change. */
    static Set<Path> wholeResources() throws IOException {
        Set<Path> whole = new TreeSet<>();
        for (Path file : files()) {
            for (Kustomization kustomization :
                    Resources.parse(Repository.text(file)).of(Kustomization.class)) {
                kustomization.getResources().stream()
                        .filter(resource -> resource.endsWith(".yaml"))
                        .map(file::resolveSibling)
                        .forEach(whole::add);
            }
        }
        return whole;
    }

    @ParameterizedTest
    @MethodSource("wholeResources")
    void everyResourceHasAllThatItsPublishedSchemaAsksFor(Path file) throws Exception {
        // When
        List<JsonNode> resources = Strict.documents(Repository.text(file));

        // Then
        for (JsonNode resource : resources) {
            Schemas.checkWhole(resource);
        }
    }

    static List<Arguments> mistakes() {
        return List.of(
                arguments("base/worker.yaml", "readOnlyRootFilesystem", "readOnlyRootFileSystem"),
                arguments("base/network.yaml", "podSelector", "podSelectors"),
                arguments("base/kustomization.yaml", "patches", "patch"),
                arguments("components/strimzi/kafka.yaml", "kafkaContainer", "kafkaContainers"),
                arguments("components/strimzi/users.yaml", "patternType", "pattern"),
                arguments("components/strimzi/topics.yaml", "partitions", "partition"),
                arguments("components/keda/scorer.yaml", "cooldownPeriod", "cooldown"),
                arguments("components/keda/authentication.yaml", "secretTargetRef", "secretTargetRefs"),
                arguments("components/monitoring/workers.yaml", "podMetricsEndpoints", "podMetricEndpoints"),
                arguments("components/monitoring/alerts.yaml", "annotations", "annotation"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aFieldThatItsKindDoesNotHaveIsAnError(String file, String field, String misspelt) {
        // Given
        String text =
                Repository.text(Repository.KUBERNETES.resolve(file)).replaceFirst("\\b" + field + ":", misspelt + ":");

        // When, then
        assertThatThrownBy(() -> Resources.parse(text)).hasMessageContaining(misspelt);
    }

    static List<Arguments> omissions() {
        return List.of(
                arguments(
                        "base/scorer.yaml",
                        "  selector:\n    matchLabels: {app.kubernetes.io/name: scorer}\n",
                        "selector"),
                arguments("components/keda/scorer.yaml", "  scaleTargetRef: {name: scorer}\n", "scaleTargetRef"),
                arguments(
                        "components/monitoring/workers.yaml",
                        "  selector:\n    matchLabels: {espalier.io/worker: \"true\"}\n",
                        "selector"));
    }

    @ParameterizedTest
    @MethodSource("omissions")
    void aFieldThatItsKindMustHaveIsMissed(String file, String text, String field) {
        // Given
        String rest = Repository.text(Repository.KUBERNETES.resolve(file)).replace(text, "");

        // When, then
        assertThatThrownBy(() -> {
                    Resources.parse(rest);
                    for (JsonNode resource : Strict.documents(rest)) {
                        Schemas.checkWhole(resource);
                    }
                })
                .hasStackTraceContaining(field);
    }
}
