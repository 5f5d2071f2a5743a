package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.ServiceProcess;
import io.espalier.cli.stack.ServiceProcess.Launch;
import io.espalier.cli.stack.StackSettings;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a cluster nobody orders the services behind the job or the operator that makes their topics. */
class TopicsLaterIT {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"scorer", "pruner", "evaluator"})
    void aServiceThatStartsBeforeItsTopicsLivesAndIsReadyOnceTheyAreThere(String name) throws Exception {
        // Given
        HttpClient http = HttpClient.newHttpClient();
        try (TestBroker broker = TestBroker.embedded(folder.resolve("broker"));
                Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrap()))) {
            ServiceProcess service = ServiceProcess.start(launch(broker, name));
            try {
                Awaitility.await().atMost(Stack.LIMIT).until(() -> Files.readString(
                                service.launch().log())
                        .contains("topic job-events is not there yet"));
                assertThat(status(http, service, "/q/health/live")).isEqualTo(200);
                assertThat(status(http, service, "/q/health/ready")).isEqualTo(503);

                // When
                Stack.TOPICS.createMissing(admin, 1);

                // Then
                service.awaitReady(http, Stack.LIMIT);
                assertThat(status(http, service, "/q/health/live")).isEqualTo(200);
            } finally {
                service.requestStop();
                service.awaitStop(Stack.LIMIT);
            }
        }
    }

    private Launch launch(TestBroker broker, String service) throws Exception {
        Folders folders = Folders.of(folder);
        StackSettings settings = new StackSettings(
                Folders.HOME, folders.state(), folders.models(), folders.texts(), folders.artifacts(), 1, false);
        Files.createDirectories(folders.artifacts());
        Files.createDirectories(settings.temporaryFolder());
        return ServiceLaunches.launch(settings, broker.bootstrap(), service, service + "-1");
    }

    private static int status(HttpClient http, ServiceProcess service, String path) throws Exception {
        HttpRequest question =
                HttpRequest.newBuilder(service.launch().http().resolve(path)).build();
        return http.send(question, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
