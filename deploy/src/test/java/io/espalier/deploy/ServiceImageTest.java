package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import io.espalier.cli.stack.ServiceLaunches;
import io.espalier.cli.stack.StackSettings;
import io.espalier.deploy.images.ServiceImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceImageTest {
    @TempDir
    Path folder;

    private Path home;
    private Path app;
    private Path engine;

    @BeforeEach
    void aServiceAsTheBuildLeavesIt() throws IOException {
        home = folder.resolve("home");
        app = home.resolve("scorer-service/target/quarkus-app");
        for (String part : List.of("lib/main/a.jar", "quarkus/b.jar", "app/c.jar", "quarkus-run.jar")) {
            Files.createDirectories(app.resolve(part).getParent());
            Files.writeString(app.resolve(part), part);
        }
        Files.writeString(app.resolveSibling("sbom.json"), "{}");
        engine = Files.createDirectories(folder.resolve("engine"));
        Files.writeString(engine.resolve("libtorch.so"), "native code");
    }

    @Test
    void anImageRunsWithoutRootUnderTheOptionsALocalStackUses() throws Exception {
        // Given
        StackSettings settings = new StackSettings(home, folder, folder, folder, folder, 1, false);
        var local = ServiceLaunches.launch(settings, "localhost:9092", "scorer", "scorer-1");

        // When
        JsonNode config = build().get("config");

        // Then
        assertThat(config.get("User").asText()).isEqualTo("65532:65532");
        assertThat(texts(config.get("Entrypoint")))
                .containsAll(local.command().stream()
                        .filter(option -> option.startsWith("-XX") || option.startsWith("-Dai.djl"))
                        // A path of the local stack.
                        .filter(option -> !option.startsWith("-XX:ErrorFile="))
                        .toList())
                .endsWith("-jar", "/app/quarkus-run.jar");
        assertThat(texts(config.get("Env")))
                .contains("DJL_CACHE_DIR=/engine")
                .containsAll(local.environment().entrySet().stream()
                        .map(Object::toString)
                        .toList());
        assertThat(config.get("ExposedPorts").fieldNames()).toIterable().containsExactly("8080/tcp");
    }

    @Test
    void theSameServiceGivesTheSameImage() throws Exception {
        // Given
        JsonNode first = build();

        // When
        JsonNode second = build();

        // Then
        assertThat(second).isEqualTo(first);
        assertThat(first.at("/rootfs/diff_ids")).hasSize(4);
    }

    @Test
    void aVolumeForArtifactsIsWritableForWhoeverTheImageRunsAs() throws Exception {
        // When
        List<TarArchiveEntry> files = files();

        // Then
        assertThat(files)
                .filteredOn(file -> file.getLongUserId() == 65532)
                .extracting(file -> file.getName() + " " + file.getLongGroupId() + " "
                        + Integer.toOctalString(file.getMode() & 0777))
                .containsExactly("data/artifacts/ 65532 755");
    }

    @Test
    void anImageCarriesTheListOfWhatIsInIt() throws Exception {
        // When
        List<TarArchiveEntry> files = files();

        // Then
        assertThat(files).extracting(TarArchiveEntry::getName).contains("app/sbom.json", "app/quarkus-run.jar");
    }

    /** Everything in the image's layers. */
    private List<TarArchiveEntry> files() throws Exception {
        Map<String, byte[]> image = imageFile();
        List<TarArchiveEntry> files = new ArrayList<>();
        for (JsonNode layer : manifest(image).get("Layers")) {
            try (var entries = new TarArchiveInputStream(
                    new GZIPInputStream(new ByteArrayInputStream(image.get(layer.asText()))))) {
                for (var entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                    files.add(entry);
                }
            }
        }
        return files;
    }

    /** The configuration of the image, out of its tar file. */
    private JsonNode build() throws Exception {
        Map<String, byte[]> image = imageFile();
        return new ObjectMapper()
                .readTree(image.get(manifest(image).get("Config").asText()));
    }

    private static JsonNode manifest(Map<String, byte[]> image) throws IOException {
        return new ObjectMapper().readTree(image.get("manifest.json")).get(0);
    }

    private Map<String, byte[]> imageFile() throws Exception {
        Path file = folder.resolve("image.tar");
        new ServiceImage(app, engine)
                .on(Jib.fromScratch())
                .containerize(Containerizer.to(TarImage.at(file).named("espalier-scorer"))
                        .setBaseImageLayersCache(folder.resolve("base-cache"))
                        .setApplicationLayersCache(folder.resolve("cache")));
        Map<String, byte[]> entries = new HashMap<>();
        try (var archive = new TarArchiveInputStream(Files.newInputStream(file))) {
            for (var entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
                entries.put(entry.getName(), archive.readAllBytes());
            }
        }
        return entries;
    }

    private static List<String> texts(JsonNode array) {
        return new ArrayList<>(StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList());
    }
}
