package io.espalier.model.artifact;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache as Hugging Face's libraries keep it. */
class ModelRootTest {
    private static final String HASH = "0123456789abcdef0123456789abcdef01234567";

    @TempDir
    private Path root;

    private Path cache;

    @BeforeEach
    void fillTheCache() throws IOException {
        root = root.toRealPath();
        cache = Files.createDirectories(root.resolve("hub/models--org--tiny.llama-1"));
        Path blobs = Files.createDirectory(cache.resolve("blobs"));
        Path snapshot = Files.createDirectories(cache.resolve("snapshots/" + HASH));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(GoldenCheckpoint.LLAMA.resolve(file), blobs.resolve("blob-of-" + file));
            Files.createSymbolicLink(snapshot.resolve(file), Path.of("../../blobs/blob-of-" + file));
        }
        Files.createDirectory(cache.resolve("snapshots/other"));
        Files.createDirectory(cache.resolve("refs"));
        Files.writeString(cache.resolve("refs/main"), HASH + "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org/tiny.llama-1",
                "hub/models--org--tiny.llama-1",
                "hub/models--org--tiny.llama-1/snapshots/" + HASH
            })
    void aModelIsFoundUnderItsName(String model) {
        // When
        Path folder = new ModelRoot(root).resolve(model);

        // Then
        assertThat(folder).isEqualTo(cache.resolve("snapshots/" + HASH));
        try (Checkpoint checkpoint = Checkpoint.open(folder, root)) {
            assertThat(checkpoint.config().modelType()).isEqualTo("llama");
        }
    }

    @Test
    void theCacheItselfMayBeTheRoot() {
        assertThat(new ModelRoot(root.resolve("hub")).resolve("org/tiny.llama-1"))
                .endsWith(Path.of(HASH));
    }

    @Test
    void aFolderOfThatNameComesFirst() throws IOException {
        Path folder = Files.createDirectories(root.resolve("org/tiny.llama-1"));

        assertThat(new ModelRoot(root).resolve("org/tiny.llama-1")).isEqualTo(folder);
    }

    @Test
    void aCacheThatDoesNotSayWhichSnapshotNamesThem() throws IOException {
        Files.writeString(cache.resolve("refs/main"), "../../../etc");

        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> new ModelRoot(root).resolve("org/tiny.llama-1"))
                .contains("2 snapshots", HASH + ", other");
    }

    @Test
    void aSnapshotThatLeadsOutsideIsRefused(@TempDir Path outside) throws IOException {
        Files.createSymbolicLink(cache.resolve("snapshots/away"), outside);
        Files.writeString(cache.resolve("refs/main"), "away");

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> new ModelRoot(root).resolve("org/tiny.llama-1"))
                .contains("leads outside its root");
    }

    @Test
    void aCacheWhoseSnapshotsAreALinkThatLeadsOutsideIsRefusedAndNotListed(@TempDir Path outside) throws IOException {
        Files.createDirectory(outside.resolve("secret"));
        Path other = Files.createDirectory(root.resolve("hub/models--org--other"));
        Files.createSymbolicLink(other.resolve("snapshots"), outside);

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> new ModelRoot(root).resolve("org/other"))
                .doesNotContain("secret");
    }

    @Test
    void aCheckpointMayHoldAFolderNamedSnapshots() throws IOException {
        Path folder = Files.createDirectories(root.resolve("plain/snapshots")).getParent();
        Files.copy(GoldenCheckpoint.LLAMA.resolve("config.json"), folder.resolve("config.json"));

        assertThat(new ModelRoot(root).resolve("plain")).isEqualTo(folder);
    }

    @Test
    void aNameThatIsNowhereIsInTheMessage() {
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> new ModelRoot(root).resolve("org/unknown"))
                .contains("\"org/unknown\"");
    }
}
