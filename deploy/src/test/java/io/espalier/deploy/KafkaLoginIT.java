package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import io.espalier.pipeline.topic.TopicCatalog;
import io.kroxylicious.testing.kafka.api.KafkaCluster;
import io.kroxylicious.testing.kafka.common.KafkaClusterConfig;
import io.kroxylicious.testing.kafka.common.KeytoolCertificateGenerator;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways to log in at Kafka that {@link KafkaAccessIT} does not use: a client's certificate, and a token of an OAuth server. */
class KafkaLoginIT {
    private static final Path DEMO = Repository.DEPLOY.resolve("demo");
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final String ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls";
    private static final String AUDIENCE = "kafka";

    @TempDir
    private Path folder;

    @Test
    void aServiceWithACertificateIsReadyAndOneWithoutIsNotAndSaysWhy() throws Exception {
        // Given
        KeytoolCertificateGenerator client = new KeytoolCertificateGenerator();
        client.generateSelfSignedCertificateEntry(
                "evaluator@example.org", "evaluator", "Espalier", "example.org", null, null, "DE");
        var config = KafkaClusterConfig.builder()
                .securityProtocol("SSL")
                .brokerKeytoolCertificateGenerator(new KeytoolCertificateGenerator())
                .clientKeytoolCertificateGenerator(client);
        try (KafkaCluster cluster = SecuredKafka.started(config)) {
            Map<String, Object> known = cluster.getKafkaClientConfiguration();
            createTopics(known);
            Map<String, Object> unknown = new LinkedHashMap<>(known);
            unknown.keySet().removeIf(key -> key.startsWith("ssl.key"));

            // When
            ServiceProcess welcome = ServiceProcess.start(launch("welcome", known));
            ServiceProcess stranger = ServiceProcess.start(launch("stranger", unknown));

            // Then
            try {
                welcome.awaitReady(HttpClient.newHttpClient(), LIMIT);
                Readiness.awaitDown(stranger.launch(), "refuses the login", LIMIT);
                assertThat(Files.readString(stranger.launch().log()))
                        .doesNotContain(String.valueOf(known.get("ssl.keystore.password")));
            } finally {
                stop(welcome, stranger);
            }
        }
    }

    @Test
    void aServiceWithATokenIsReadyAndOneWithAForgedTokenIsNotAndSaysWhy() throws Exception {
        // Given
        RsaJsonWebKey server = RsaJwkGenerator.generateJwk(2048);
        server.setKeyId("server");
        RsaJsonWebKey forger = RsaJwkGenerator.generateJwk(2048);
        forger.setKeyId("server");
        Path keys = Files.writeString(folder.resolve("keys.json"), new JsonWebKeySet(server).toJson());
        Path welcomed = token("good", server);
        System.setProperty(ALLOWED_URLS, keys.toUri() + "," + welcomed.toUri());
        var config = KafkaClusterConfig.builder()
                .saslMechanism("OAUTHBEARER")
                .securityProtocol("SASL_SSL")
                .brokerKeytoolCertificateGenerator(new KeytoolCertificateGenerator())
                .brokerConfig(
                        "listener.name.external.oauthbearer.sasl.server.callback.handler.class",
                        "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler")
                .brokerConfig(
                        "listener.name.external.oauthbearer.sasl.oauthbearer.jwks.endpoint.url",
                        keys.toUri().toString())
                .brokerConfig("listener.name.external.oauthbearer.sasl.oauthbearer.expected.audience", AUDIENCE);
        try (KafkaCluster cluster = SecuredKafka.started(config)) {
            Map<String, Object> good = bearing(cluster, welcomed);
            createTopics(good);
            Path forged = token("forged", forger);

            // When
            ServiceProcess welcome = ServiceProcess.start(launch("welcome", good));
            ServiceProcess stranger = ServiceProcess.start(launch("stranger", bearing(cluster, forged)));

            // Then
            try {
                welcome.awaitReady(HttpClient.newHttpClient(), LIMIT);
                assertThat(Readiness.awaitDown(stranger.launch(), "refuses the login", LIMIT))
                        .doesNotContain(Files.readString(forged));
                assertThat(Files.readString(stranger.launch().log())).doesNotContain(Files.readString(forged));
            } finally {
                stop(welcome, stranger);
            }
        } finally {
            System.clearProperty(ALLOWED_URLS);
        }
    }

    private static void createTopics(Map<String, Object> client) throws Exception {
        try (Admin admin = Admin.create(client)) {
            TopicCatalog.load("").createMissing(admin, 1);
        }
    }

    /** Takes the token out of a file, as it lies in a pod that has it projected into it. */
    private static Map<String, Object> bearing(KafkaCluster cluster, Path token) {
        Map<String, Object> settings = new LinkedHashMap<>(cluster.getKafkaClientConfiguration());
        settings.put(
                "sasl.jaas.config", "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;");
        settings.put(
                "sasl.login.callback.handler.class",
                "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler");
        settings.put("sasl.oauthbearer.token.endpoint.url", token.toUri().toString());
        return settings;
    }

    private Path token(String name, RsaJsonWebKey key) throws Exception {
        JwtClaims claims = new JwtClaims();
        claims.setSubject("evaluator");
        claims.setAudience(AUDIENCE);
        claims.setIssuedAtToNow();
        claims.setExpirationTimeMinutesInTheFuture(60);
        JsonWebSignature signed = new JsonWebSignature();
        signed.setPayload(claims.toJson());
        signed.setKey(key.getPrivateKey());
        signed.setKeyIdHeaderValue(key.getKeyId());
        signed.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256);
        return Files.writeString(folder.resolve(name + ".jwt"), signed.getCompactSerialization());
    }

    /** An evaluator with these settings of its Kafka clients. */
    private Launch launch(String name, Map<String, Object> client) throws IOException {
        var settings = new StackSettings(Repository.ROOT, folder, DEMO, DEMO, folder.resolve("artifacts"), 1, false);
        Files.createDirectories(settings.artifacts());
        Files.createDirectories(settings.temporaryFolder());
        String bootstrap = String.valueOf(client.get("bootstrap.servers"));
        Launch usual = ServiceLaunches.launch(settings, bootstrap, "evaluator", name);
        List<String> command = new ArrayList<>(usual.command());
        client.forEach((key, value) -> command.add(1, "-Dkafka." + key + "=" + value));
        Object endpoint = client.get("sasl.oauthbearer.token.endpoint.url");
        if (endpoint != null) {
            command.add(1, "-D%s=%s".formatted(ALLOWED_URLS, endpoint));
        }
        return new Launch("evaluator", name, command, usual.environment(), usual.log(), usual.httpPort());
    }

    private static void stop(ServiceProcess... services) throws InterruptedException {
        for (ServiceProcess service : services) {
            service.requestStop();
        }
        for (ServiceProcess service : services) {
            service.awaitStop(Duration.ofSeconds(15));
        }
    }
}
