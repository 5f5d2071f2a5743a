package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.kafka.Storage;
import io.strimzi.api.kafka.model.kafka.entityoperator.EntityOperatorTemplate;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.plugin.security.profiles.ContainerSecurityProviderContext;
import io.strimzi.plugin.security.profiles.impl.RestrictedPodSecurityProvider;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
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
        JsonNode scaling = scaling(stage);

        // Then
        JsonNode tasks = trigger(scaling, "prometheus");
        assertThat(names(tasks))
                .containsExactlyInAnyOrder(
                        "serverAddress", "query", "threshold", "activationThreshold", "ignoreNullValues");
        assertThat(tasks.path("query").asText())
                .contains("sum(espalier_tasks_waiting{namespace=\"espalier\", stage=\"%s\"})".formatted(stage.stage()))
                .contains("sum(espalier_tasks_running{namespace=\"espalier\", stage=\"%s\"})".formatted(stage.stage()));
        assertThat(MetricNames.in(tasks.path("query").asText())).isSubsetOf(MetricNames.ALL);
        JsonNode input = trigger(scaling, "kafka");
        assertThat(names(input))
                .containsExactlyInAnyOrder(
                        "bootstrapServersFromEnv",
                        "consumerGroup",
                        "topic",
                        "lagThreshold",
                        "activationLagThreshold",
                        "offsetResetPolicy",
                        "sasl",
                        "tls");
        assertThat(input.path("consumerGroup").asText()).isEqualTo("espalier-" + stage.stage());
        assertThat(input.path("topic").asText()).isEqualTo(TopicCatalog.load("").name(KafkaAccess.firstInput(stage)));
    }

    @ParameterizedTest
    @MethodSource("stages")
    void noWorkerIsTakenAwayBecauseItsTasksCannotBeCounted(StageTopics stage) {
        // When
        JsonNode scaling = scaling(stage);

        // Then
        assertThat(trigger(scaling, "prometheus").path("ignoreNullValues").asText())
                .isEqualTo("false");
        // With a fallback KEDA would start workers whenever none runs: there is nothing to count then.
        assertThat(scaling.has("fallback")).isFalse();
        assertThat(scaling.path("cooldownPeriod").asInt()).isGreaterThanOrEqualTo(300);
    }

    private static JsonNode scaling(StageTopics stage) {
        return file("components/keda/" + stage.stage() + ".yaml")
                .only(Resources.Custom.class)
                .spec();
    }

    private static JsonNode trigger(JsonNode scaling, String type) {
        return StreamSupport.stream(scaling.path("triggers").spliterator(), false)
                .filter(trigger -> trigger.path("type").asText().equals(type))
                .findFirst()
                .orElseThrow()
                .path("metadata");
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void prometheusFindsThePortAndThePathOfTheMetrics() {
        // When
        JsonNode monitor = file("components/monitoring/workers.yaml")
                .only(Resources.Custom.class)
                .spec();

        // Then
        JsonNode endpoint = monitor.path("podMetricsEndpoints").path(0);
        assertThat(WORKER.getPorts())
                .extracting(ContainerPort::getName)
                .contains(endpoint.path("port").asText());
        assertThat(endpoint.path("path").asText()).isEqualTo("/q/metrics");
        Map<String, String> labels = file("base/worker.yaml")
                .only(Deployment.class)
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getLabels();
        assertThat(labels)
                .containsEntry(
                        "espalier.io/worker",
                        monitor.path("selector")
                                .path("matchLabels")
                                .path("espalier.io/worker")
                                .asText());
    }

    @Test
    void aPodOfAnotherNamespaceReachesAWorkerOnlyIfItsNamespaceIsNamedToo() {
        // When
        List<NetworkPolicyPeer> callers =
                file("base/network.yaml").only(NetworkPolicy.class).getSpec().getIngress().stream()
                        .flatMap(rule -> rule.getFrom().stream())
                        .toList();

        // Then
        assertThat(callers).isNotEmpty().allSatisfy(caller -> {
            assertThat(caller.getPodSelector().getMatchLabels()).isNotEmpty();
            if (caller.getNamespaceSelector() != null) {
                assertThat(caller.getNamespaceSelector().getMatchLabels()).isNotEmpty();
            }
        });
    }

    @Test
    void strimzisContainersAreAsRestrictedAsItsOwnProviderMakesThem() {
        // Given
        var provider = new RestrictedPodSecurityProvider();
        var nothingElseSaid = new NothingElseSaid();

        // When
        Resources kafka = file("components/strimzi/kafka.yaml");

        // Then
        assertThat(kafka.only(KafkaNodePool.class)
                        .getSpec()
                        .getTemplate()
                        .getKafkaContainer()
                        .getSecurityContext())
                .isEqualTo(provider.kafkaContainerSecurityContext(nothingElseSaid));
        EntityOperatorTemplate operators =
                kafka.only(Kafka.class).getSpec().getEntityOperator().getTemplate();
        assertThat(operators.getTopicOperatorContainer().getSecurityContext())
                .isEqualTo(provider.entityTopicOperatorContainerSecurityContext(nothingElseSaid));
        assertThat(operators.getUserOperatorContainer().getSecurityContext())
                .isEqualTo(provider.entityUserOperatorContainerSecurityContext(nothingElseSaid));
    }

    /** A container whose resource asks for nothing of its own. */
    private record NothingElseSaid(
            @Nullable Storage storage, @Nullable SecurityContext userSuppliedSecurityContext)
            implements ContainerSecurityProviderContext {
        NothingElseSaid() {
            this(null, null);
        }
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
