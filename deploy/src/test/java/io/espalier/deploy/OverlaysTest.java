package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.Deployment;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each overlay as a cluster would get it, where kubectl is installed to render it. */
class OverlaysTest {
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
        Resources rendered = Resources.parse(kustomize(overlay));

        // Then
        Set<String> present = rendered.of(HasMetadata.class).stream()
                .map(resource ->
                        resource.getKind() + "/" + resource.getMetadata().getName())
                .collect(Collectors.toSet());
        List<Deployment> deployments = rendered.of(Deployment.class);
        assertThat(deployments).hasSize(3);
        assertThat(deployments).allSatisfy(deployment -> {
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(present).containsAll(needed(pod));
            isRestricted(pod);
            assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThanOrEqualTo(30);
        });
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

    /** As the "restricted" pod security standard asks, and no file system to write to. */
    private static void isRestricted(PodSpec pod) {
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        Container worker = pod.getContainers().get(0);
        assertThat(worker.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(worker.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(worker.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
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
