package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.deploy.images.ServiceImage;
import io.espalier.job.service.JobConfig;
import io.espalier.pipeline.service.EspalierConfig;
import io.espalier.pipeline.service.KafkaConfig;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.pipeline.topic.TopicFile;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KubernetesAgainstCodeTest {
    private static final Container WORKER = file("base/worker.yaml")
            .only(Deployment.class)
            .getSpec()
            .getTemplate()
            .getSpec()
            .getContainers()
            .get(0);

    @Test
    void theContainerOffersThePortTheImageListensOn() {
        // When
        Map<String, Integer> ports = WORKER.getPorts().stream()
                .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));

        // Then
        assertThat(ports).containsOnly(Map.entry("http", ServiceImage.HTTP_PORT));
    }

    @Test
    void everyProbeAsksAnEndpointTheServicesHave() {
        // When
        List<Probe> probes = List.of(WORKER.getStartupProbe(), WORKER.getLivenessProbe(), WORKER.getReadinessProbe());

        // Then
        assertThat(probes)
                .extracting(probe -> probe.getHttpGet().getPath())
                .containsExactly("/q/health/live", "/q/health/live", "/q/health/ready");
        assertThat(probes)
                .allSatisfy(probe ->
                        assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("http"));
    }

    @Test
    void theConfigMapSetsWhatTheServicesRead() {
        // Given
        Map<String, String> environment =
                file("base/configuration.yaml").only(ConfigMap.class).getData();

        // When
        SmallRyeConfig config = config(environment);

        // Then
        JobConfig jobs = config.getConfigMapping(JobConfig.class);
        assertThat(jobs.modelsRoot()).isEqualTo(Path.of("/data/models"));
        assertThat(jobs.textsRoot()).isEqualTo(Path.of("/data/texts"));
        assertThat(jobs.artifactsRoot()).isEqualTo(Path.of("/data/artifacts"));
        assertThat(config.getConfigMapping(EspalierConfig.class).computeThreads())
                .isEqualTo(2);
        assertThat(config.getConfigMapping(KafkaConfig.class).properties())
                .containsEntry("bootstrap.servers", "kafka.espalier.svc:9092");
        assertThat(environment.keySet()).isSubsetOf(ConfigurationKeys.environmentNamesWith("KAFKA_BOOTSTRAP_SERVERS"));
    }

    @Test
    void theStrimziConfigurationReachesTheKafkaClients() {
        // Given
        Map<String, String> environment = new HashMap<>(file("components/strimzi/configuration.yaml")
                .only(ConfigMap.class)
                .getData());
        environment.put("KAFKA_SASL_JAAS_CONFIG", "from the secret");

        // When
        KafkaConfig kafka = config(environment).getConfigMapping(KafkaConfig.class);

        // Then
        assertThat(kafka.properties())
                .containsEntry("bootstrap.servers", "espalier-kafka-bootstrap.espalier.svc:9093")
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("sasl.mechanism", "SCRAM-SHA-512")
                .containsEntry("sasl.jaas.config", "from the secret")
                .containsEntry("ssl.truststore.type", "PEM")
                .containsEntry("ssl.truststore.location", "/etc/kafka-ca/ca.crt");
    }

    @Test
    void theSecurityComponentMountsTheFilesThatItsConfigurationNames() {
        // Given
        Map<String, String> environment = file("components/security/configuration.yaml")
                .only(ConfigMap.class)
                .getData();
        Container worker = file("components/security/worker.yaml")
                .only(Deployment.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0);

        // When
        List<Path> mounted = worker.getVolumeMounts().stream()
                .map(mount -> Path.of(mount.getMountPath()))
                .toList();

        // Then
        Path tokens = config(environment)
                .getConfigMapping(EspalierConfig.class)
                .tokensFile()
                .orElseThrow();
        assertThat(mounted)
                .containsExactlyInAnyOrder(
                        Path.of(environment.get("QUARKUS_TLS_KEY_STORE_PEM__0__CERT"))
                                .getParent(),
                        tokens.getParent());
        assertThat(environment).containsEntry("QUARKUS_HTTP_INSECURE_REQUESTS", "disabled");
        assertThat(List.of(worker.getStartupProbe(), worker.getLivenessProbe(), worker.getReadinessProbe()))
                .allSatisfy(probe -> assertThat(probe.getHttpGet().getScheme()).isEqualTo("HTTPS"));
    }

    @Test
    void theLocalBrokersHeapLeavesRoomInItsPod() {
        // Given
        Container kafka = file("overlays/local/kafka.yaml")
                .only(StatefulSet.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0);

        // When
        List<String> heap = kafka.getEnv().stream()
                .filter(variable -> variable.getName().equals("KAFKA_HEAP_OPTS"))
                .map(EnvVar::getValue)
                .toList();

        // Then
        assertThat(heap).containsExactly("-Xms512m -Xmx512m");
        assertThat(Quantity.getAmountInBytes(kafka.getResources().getLimits().get("memory")))
                .isGreaterThanOrEqualTo(BigDecimal.valueOf((2 * 512L) << 20));
    }

    private static List<StageTopics> stages() {
        return TopicFile.declared().stages();
    }

    @ParameterizedTest
    @MethodSource("stages")
    void aStageIsDeployedUnderItsNameWithItsImageAndItsIdentity(StageTopics stage) {
        // When
        Resources resources = file("base/" + stage.stage() + ".yaml");

        // Then
        Deployment deployment = resources.only(Deployment.class);
        var pod = deployment.getSpec().getTemplate();
        assertThat(deployment.getMetadata().getName()).isEqualTo(stage.stage());
        assertThat(pod.getSpec().getServiceAccountName()).isEqualTo(stage.stage());
        assertThat(pod.getSpec().getContainers())
                .extracting(Container::getImage)
                .containsExactly("espalier-" + stage.stage());
        assertThat(pod.getMetadata().getLabels())
                .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels())
                .containsAllEntriesOf(resources.only(Service.class).getSpec().getSelector());
        assertThat(resources.only(Service.class).getSpec().getPorts())
                .extracting(ServicePort::getPort)
                .containsExactly(ServiceImage.HTTP_PORT);
    }

    @ParameterizedTest
    @MethodSource("stages")
    void aStageIsScaledOnItsTasksAndFromNoneOnTheRecordsThatWaitBeforeIt(StageTopics stage) {
        // When
        Map<String, Keda.Trigger> triggers =
                file("components/keda/" + stage.stage() + ".yaml")
                        .only(Keda.ScaledObject.class)
                        .spec()
                        .triggers()
                        .stream()
                        .collect(Collectors.toMap(Keda.Trigger::type, Function.identity()));

        // Then
        Map<String, String> tasks = triggers.get("prometheus").metadata();
        assertThat(tasks).containsOnlyKeys("serverAddress", "query", "threshold", "activationThreshold");
        assertThat(tasks.get("query"))
                .contains("sum(espalier_tasks_waiting{stage=\"%s\"})".formatted(stage.stage()))
                .contains("sum(espalier_tasks_running{stage=\"%s\"})".formatted(stage.stage()));
        assertThat(MetricNames.in(tasks.get("query"))).isSubsetOf(MetricNames.ALL);
        assertThat(triggers.get("kafka").metadata())
                .containsOnlyKeys(
                        "bootstrapServersFromEnv",
                        "consumerGroup",
                        "topic",
                        "lagThreshold",
                        "activationLagThreshold",
                        "offsetResetPolicy",
                        "sasl",
                        "tls")
                .containsEntry("consumerGroup", "espalier-" + stage.stage())
                .containsEntry("topic", TopicCatalog.load("").name(KafkaAccess.firstInput(stage)));
    }

    private static Resources file(String path) {
        return Resources.parse(Repository.text(Repository.KUBERNETES.resolve(path)));
    }

    private static SmallRyeConfig config(Map<String, String> environment) {
        return new SmallRyeConfigBuilder()
                .withMapping(JobConfig.class)
                .withMapping(EspalierConfig.class)
                .withMapping(KafkaConfig.class)
                // As Quarkus reads them.
                .withConverter(Duration.class, 300, text -> Duration.parse((text.endsWith("d") ? "P" : "PT") + text))
                .withConverter(Path.class, 300, Path::of)
                .withSources(new EnvConfigSource(environment, 300))
                .build();
    }
}
