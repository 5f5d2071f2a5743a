package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.pipeline.topic.TopicFile;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each overlay as a cluster would get it, where kubectl is installed to render it. */
class OverlaysTest {
    /** The default of espalier.memory.budget, bytes. */
    private static final String DEFAULT_BUDGET = "2147483648";
    /** What the JVM and the engine take beside the budget, bytes: docs/operations.md, "Memory of a worker". */
    private static final double JVM_AND_ENGINE = 450e6;
    /** The share of its limit above which EspalierMemoryNearLimit fires. */
    private static final double WARNED_OF = 0.9;

    @BeforeAll
    static void kubectlIsInstalled() {
        assumeTrue(
                Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl"))),
                "kubectl renders the overlays and is not installed; their files are parsed one by one all the same");
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "gpu", "strimzi", "keda"})
    void anOverlayIsStrictlyValidAndLacksNothingItRefersTo(String overlay) throws Exception {
        // When
        String yaml = kustomize(overlay);

        // Then
        Resources rendered = Resources.parse(yaml);
        for (JsonNode resource : Strict.documents(yaml)) {
            Schemas.checkWhole(resource);
        }
        Set<String> present = rendered.of(HasMetadata.class).stream()
                .map(resource ->
                        resource.getKind() + "/" + resource.getMetadata().getName())
                .collect(Collectors.toSet());
        List<Deployment> deployments = rendered.of(Deployment.class);
        assertThat(deployments).hasSameSizeAs(TopicFile.declared().stages());
        assertThat(deployments).allSatisfy(deployment -> {
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(present).containsAll(needed(pod));
            writesNowhereElse(pod);
            assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThanOrEqualTo(30);
        });
        assertThat(pods(rendered)).allSatisfy(OverlaysTest::isRestricted);
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "gpu", "strimzi", "keda"})
    void aWorkerWithAFullBudgetStaysBelowWhatTheAlertWarnsOf(String overlay) throws Exception {
        // Given
        Resources rendered = Resources.parse(kustomize(overlay));
        ConfigMap configuration = rendered.of(ConfigMap.class).stream()
                .filter(map -> map.getMetadata().getName().equals("espalier"))
                .findFirst()
                .orElseThrow();
        double budget =
                Double.parseDouble(configuration.getData().getOrDefault("ESPALIER_MEMORY_BUDGET", DEFAULT_BUDGET));

        // When
        List<ResourceRequirements> workers = rendered.of(Deployment.class).stream()
                .map(deployment -> deployment
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .get(0)
                        .getResources())
                .toList();

        // Then
        assertThat(workers).allSatisfy(worker -> assertThat(budget + JVM_AND_ENGINE)
                .isLessThanOrEqualTo(WARNED_OF * bytes(worker.getLimits().get("memory"))));
    }

    @Test
    void prometheusScrapesOverTlsWhereTheWorkersSpeakNothingElse() throws Exception {
        // When
        Resources rendered = Resources.parse(kustomize("keda"));

        // Then
        JsonNode endpoint = rendered.of(Resources.Custom.class).stream()
                .filter(resource -> resource.kind().equals("PodMonitor"))
                .findFirst()
                .orElseThrow()
                .spec()
                .path("podMetricsEndpoints")
                .path(0);
        assertThat(endpoint.path("scheme").asText()).isEqualTo("https");
        assertThat(endpoint.path("tlsConfig")
                        .path("ca")
                        .path("secret")
                        .path("name")
                        .asText())
                .isEqualTo("espalier-tls");
    }

    private static double bytes(Quantity quantity) {
        return Quantity.getAmountInBytes(quantity).doubleValue();
    }

    /** Of all kinds that make pods. */
    private static List<PodSpec> pods(Resources rendered) {
        return Stream.of(
                        rendered.of(Deployment.class).stream()
                                .map(deployment -> deployment.getSpec().getTemplate()),
                        rendered.of(StatefulSet.class).stream()
                                .map(set -> set.getSpec().getTemplate()),
                        rendered.of(Job.class).stream().map(job -> job.getSpec().getTemplate()))
                .flatMap(templates -> templates)
                .map(PodTemplateSpec::getSpec)
                .toList();
    }

    /** What the pod cannot start without; secrets come from outside. */
    private static Set<String> needed(PodSpec pod) {
        Set<String> needed = new TreeSet<>();
        needed.add("ServiceAccount/" + pod.getServiceAccountName());
        for (Volume volume : pod.getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                needed.add("PersistentVolumeClaim/"
                        + volume.getPersistentVolumeClaim().getClaimName());
            }
        }
        for (EnvFromSource source : pod.getContainers().get(0).getEnvFrom()) {
            if (source.getConfigMapRef() != null) {
                needed.add("ConfigMap/" + source.getConfigMapRef().getName());
            }
        }
        return needed;
    }

    /** As the "restricted" pod security standard asks, and without a way to Kubernetes. */
    private static void isRestricted(PodSpec pod) {
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(pod.getContainers()).allSatisfy(container -> {
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
            assertThat(container.getSecurityContext().getCapabilities().getDrop())
                    .containsExactly("ALL");
            assertThat(container.getResources().getLimits()).containsKey("memory");
        });
    }

    private static void writesNowhereElse(PodSpec pod) {
        Container worker = pod.getContainers().get(0);
        assertThat(worker.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(worker.getVolumeMounts())
                .filteredOn(mount -> !Boolean.TRUE.equals(mount.getReadOnly()))
                .extracting(mount -> mount.getMountPath())
                .containsExactlyInAnyOrder("/data/artifacts", "/tmp");
    }

    private static String kustomize(String overlay) throws IOException, InterruptedException {
        Path errors = Files.createTempFile("kubectl", ".err");
        Process kubectl = new ProcessBuilder(
                        "kubectl",
                        "kustomize",
                        Repository.OVERLAYS.resolve(overlay).toString())
                .redirectError(errors.toFile())
                .start();
        String yaml = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(kubectl.waitFor()).as(Files.readString(errors)).isZero();
        Files.delete(errors);
        return yaml;
    }
}
