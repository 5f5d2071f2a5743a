package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.FeatureUpdate.UpgradeType;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster that was upgraded keeps its feature levels until somebody raises them. */
class FeaturesOffIT {
    private static final String FEATURE = "share.version";

    @TempDir
    private Path folder;

    @Test
    void aServiceOfAClusterWithoutShareGroupsIsNotReadyAndSaysWhatSwitchesThemOn() throws Exception {
        // Given
        Folders folders = Folders.of(folder);
        try (TestBroker broker = TestBroker.embedded(folder.resolve("broker"));
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
                Services services = new Services(folders, broker.bootstrap(), List.of())) {
            admin.updateFeatures(
                            Map.of(FEATURE, new FeatureUpdate((short) 0, UpgradeType.SAFE_DOWNGRADE)),
                            new UpdateFeaturesOptions())
                    .all()
                    .get();

            // When
            ServiceProcess evaluator = services.launch("evaluator");

            // Then
            Awaitility.await("the cause").atMost(Stack.LIMIT).ignoreExceptions().untilAsserted(() -> assertThat(
                            services.get(evaluator, "/q/health/ready").body())
                    .contains("DOWN", FEATURE + " is off", "--feature share.version=1"));
            assertThat(services.get(evaluator, "/q/health/live").statusCode()).isEqualTo(200);
        }
    }
}
