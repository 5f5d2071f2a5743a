package io.espalier.model.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However far the writing of an artifact came when the disk was full: nothing is visible, and the next one is whole. */
class FullDiskTest {
    @TempDir
    Path folder;

    private FullDisk disk;
    private ArtifactStore store;

    @BeforeEach
    void makeStore() {
        disk = new FullDisk(folder);
        store = new FolderArtifactStore(disk.of(folder));
    }

    @Test
    void aDiskThatIsFullWhenSomethingIsMadeDurableLeavesNothingVisible() {
        assertNothingIsVisibleUntilThereIsRoom(FullDisk::failToForceAfter);
    }

    @Test
    void aDiskThatIsFullWhenSomethingIsRenamedLeavesNothingVisible() {
        assertNothingIsVisibleUntilThereIsRoom(FullDisk::failToMoveAfter);
    }

    /** The disk is full at the first of the steps, then at the second, and so on until there was room for all of them. */
    private void assertNothingIsVisibleUntilThereIsRoom(ObjIntConsumer<FullDisk> fill) {
        String whole = write("fault-free");
        int steps = 0;
        for (fill.accept(disk, steps); fails("full-" + steps); fill.accept(disk, steps)) {
            assertThat(folder.resolve("full-" + steps)).doesNotExist();
            disk.free();
            assertThat(write("freed-" + steps)).isEqualTo(whole);
            steps++;
        }
        assertThat(steps).isGreaterThan(2);
    }

    private boolean fails(String output) {
        try {
            write(output);
            return false;
        } catch (EspalierException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.DISK_FULL);
            assertThat(e).hasMessageContaining("free space");
            return true;
        } finally {
            disk.free();
        }
    }

    /** @return SHA-256 of the weights that are visible */
    private String write(String output) {
        Staging staging = store.stage("job-" + output);
        TensorInfo tensor = TensorInfo.of("weight", DType.F32, 4, 4);
        Map<String, String> digests;
        try (CheckpointWriter writer = staging.checkpoint(List.of(tensor))) {
            writer.write("weight", ByteBuffer.allocate((int) tensor.bytes()));
            writer.writeJson(
                    "config.json", JsonNodeFactory.instance.objectNode().put("model_type", "llama"));
            digests = writer.finish();
        }
        staging.write("note.txt", "beside the weights".getBytes(StandardCharsets.UTF_8));
        JsonNodeFactory json = JsonNodeFactory.instance;
        staging.finish(new Manifest(
                "job-" + output,
                json.objectNode().put("model", "llama"),
                new TreeMap<>(),
                staging.files(digests),
                42,
                List.of(new LayerShape(4, 2, 8, 32)),
                Profile.UNIFORM.wireName(),
                "every layer has one shape",
                json.arrayNode(),
                new TreeMap<>(),
                List.of(),
                "0.1.0",
                new TreeMap<>(Map.of("device", "cpu")),
                null));
        store.commit(staging.name(), output, "job-" + output);
        return store.manifest("output", output).orElseThrow().files().toString();
    }
}
