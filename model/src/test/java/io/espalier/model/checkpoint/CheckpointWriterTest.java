package io.espalier.model.checkpoint;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.file.DurableFile;
import io.espalier.model.tensor.StoredWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {
    private static final List<TensorInfo> EVERY_TYPE = Arrays.stream(DType.values())
            .map(dtype -> TensorInfo.of("tensor." + dtype, dtype, 3, 5))
            .toList();

    @TempDir
    Path folder;

    @Test
    void writtenTensorsAreReadBack() throws IOException {
        Path written = write("one", EVERY_TYPE, EVERY_TYPE, CheckpointWriter.DEFAULT_SHARD_BYTES);

        try (Checkpoint checkpoint = Checkpoint.open(written)) {
            assertThat(checkpoint.tensors().values()).containsExactlyInAnyOrderElementsOf(EVERY_TYPE);
            for (TensorInfo tensor : EVERY_TYPE) {
                assertThat(TinyCheckpoint.bytes(checkpoint, tensor.name())).isEqualTo(content(tensor));
            }
        }
    }

    @Test
    void theOrderOfWritingDoesNotChangeTheFile() throws IOException {
        List<TensorInfo> shuffled = new ArrayList<>(EVERY_TYPE);
        Collections.shuffle(shuffled, new Random(1));

        Path one = write("one", EVERY_TYPE, EVERY_TYPE, 100_000);
        Path other = write("other", EVERY_TYPE, shuffled, 100_000);

        assertThat(other.resolve("model.safetensors")).hasSameBinaryContentAs(one.resolve("model.safetensors"));
    }

    @Test
    void digestsOfEveryShardAreThoseOfTheFiles() {
        List<TensorInfo> shuffled = new ArrayList<>(EVERY_TYPE);
        Collections.shuffle(shuffled, new Random(1));
        Path target = folder.resolve("shards");

        SortedMap<String, String> digests;
        try (CheckpointWriter writer = CheckpointWriter.create(target, EVERY_TYPE, 130)) {
            shuffled.forEach(tensor -> writer.write(tensor.name(), ByteBuffer.wrap(content(tensor))));
            digests = writer.finish();
        }

        SortedMap<String, String> files = Manifest.filesOf(target);
        files.remove(ShardIndex.FILE);
        assertThat(digests).hasSizeGreaterThan(2).isEqualTo(files);
    }

    @Test
    void refusesToWriteATensorTwice() {
        try (CheckpointWriter writer = CheckpointWriter.create(folder.resolve("part"), EVERY_TYPE)) {
            TensorInfo tensor = EVERY_TYPE.get(0);
            writer.write(tensor.name(), ByteBuffer.wrap(content(tensor)));

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write(tensor.name(), ByteBuffer.wrap(content(tensor))))
                    .withMessageContaining("before");
        }
    }

    @Test
    void aTensorMayComeInPiecesButNotOneByteMoreOrLess() throws IOException {
        // Given
        Path target = folder.resolve("pieces");
        TensorInfo tensor = EVERY_TYPE.get(0);
        byte[] bytes = content(tensor);
        try (CheckpointWriter writer = CheckpointWriter.create(target, List.of(tensor))) {
            writer.append(tensor.name(), ByteBuffer.wrap(bytes, 0, 3));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.append(tensor.name(), ByteBuffer.wrap(bytes)))
                    .withMessageContaining("lacks " + (bytes.length - 3));
            assertThatThrownBy(writer::finish).hasMessageContaining(tensor.name());

            // When
            writer.append(tensor.name(), ByteBuffer.wrap(bytes, 3, bytes.length - 3));
            writer.finish();
        }

        // Then
        assertThat(Files.readAllBytes(target.resolve("model.safetensors"))).endsWith(bytes);
    }

    @Test
    void everyTensorIsAlignedToItsElements() throws IOException {
        Path written = write("one", EVERY_TYPE, EVERY_TYPE, 100_000);

        try (FileChannel file = FileChannel.open(written.resolve("model.safetensors"))) {
            assertThat(SafetensorsHeader.read(file, "model.safetensors"))
                    .hasSize(EVERY_TYPE.size())
                    .allMatch(e -> e.offset() % e.tensor().dtype().bytes() == 0);
        }
    }

    @Test
    void splitsACheckpointThatIsLargerThanAShard() throws IOException {
        Path written = write("shards", EVERY_TYPE, EVERY_TYPE, 130);

        try (Checkpoint checkpoint = Checkpoint.open(written)) {
            assertThat(checkpoint.files()).hasSizeGreaterThan(2);
            assertThat(checkpoint.files().get(0).getFileName().toString()).startsWith("model-00001-of-0000");
            assertThat(checkpoint.tensors().values()).containsExactlyInAnyOrderElementsOf(EVERY_TYPE);
            assertThat(TinyCheckpoint.bytes(checkpoint, "tensor.BF16"))
                    .isEqualTo(content(checkpoint.tensor("tensor.BF16")));
        }
    }

    @Test
    void copiesTensorsAndCompanionsOfAnotherCheckpoint() throws IOException {
        Path source = write("source", EVERY_TYPE, EVERY_TYPE, 130);
        Files.writeString(source.resolve("tokenizer.json"), "{}");
        Files.writeString(source.resolve("LICENSE"), "terms");
        Files.writeString(source.resolve("private.txt"), "not a part of a checkpoint");
        Path target = folder.resolve("target");

        try (Checkpoint from = Checkpoint.open(source);
                CheckpointWriter to = CheckpointWriter.create(target, EVERY_TYPE)) {
            EVERY_TYPE.forEach(tensor -> StoredWeights.copy(from, tensor.name(), to, tensor.name()));
            to.copyCompanions(from);
            to.writeJson(Checkpoint.CONFIG, from.config().json());
            to.finish();
        }

        assertThat(target)
                .isDirectoryContaining("glob:**/tokenizer.json")
                .isDirectoryContaining("glob:**/LICENSE")
                .isDirectoryNotContaining("glob:**.txt");
        try (Checkpoint copy = Checkpoint.open(target)) {
            for (TensorInfo tensor : EVERY_TYPE) {
                assertThat(TinyCheckpoint.bytes(copy, tensor.name())).isEqualTo(content(tensor));
            }
        }
    }

    @Test
    void refusesToFinishWithoutEveryTensor() {
        try (CheckpointWriter writer = CheckpointWriter.create(folder.resolve("part"), EVERY_TYPE)) {
            EVERY_TYPE.stream().skip(1).forEach(t -> writer.write(t.name(), ByteBuffer.wrap(content(t))));

            assertFails(ErrorCode.INTERNAL, writer::finish)
                    .contains(EVERY_TYPE.get(0).name());
        }
    }

    @Test
    void refusesBytesOfAnotherSizeOrName() {
        try (CheckpointWriter writer = CheckpointWriter.create(folder.resolve("part"), EVERY_TYPE)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write("tensor.F32", ByteBuffer.allocate(59)))
                    .withMessageContaining("60");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> writer.write("other", ByteBuffer.allocate(1)))
                    .withMessageContaining("not declared");
        }
    }

    @Test
    void saysBeforeWritingThatTheDiskIsTooSmall() {
        Path target = folder.resolve("huge");

        assertFails(
                        ErrorCode.DISK_FULL,
                        () -> CheckpointWriter.create(target, List.of(TensorInfo.of("huge", DType.I8, 1L << 55))))
                .contains("free space");
        assertThat(target).isEmptyDirectory();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void tellsAFullDiskFromOtherFailures() throws IOException {
        try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            assertFails(ErrorCode.DISK_FULL, () -> {
                try {
                    DurableFile.writeFully(full, ByteBuffer.allocate(10), 0);
                } catch (IOException e) {
                    throw DiskSpace.failure(folder, e);
                }
            });
        }
        Path file = Files.createFile(folder.resolve("file"));
        assertFails(ErrorCode.INTERNAL, () -> CheckpointWriter.create(file.resolve("below"), EVERY_TYPE));
    }

    @Test
    void saysWhoMayNotWrite() {
        EspalierException failure = DiskSpace.failure(folder, new AccessDeniedException(folder.toString()));

        assertThat(failure).hasMessageContaining("user may not write in " + folder.getFileName());
    }

    private Path write(String name, List<TensorInfo> declared, List<TensorInfo> order, long shardBytes)
            throws IOException {
        Path target = folder.resolve(name);
        try (CheckpointWriter writer = CheckpointWriter.create(target, declared, shardBytes)) {
            order.forEach(tensor -> writer.write(tensor.name(), ByteBuffer.wrap(content(tensor))));
            writer.finish();
        }
        Files.writeString(target.resolve("config.json"), TinyCheckpoint.CONFIG);
        return target;
    }

    /** Random bytes that are finite numbers in every storage type. */
    private static byte[] content(TensorInfo tensor) {
        byte[] bytes = new byte[(int) tensor.bytes()];
        new Random(tensor.name().hashCode()).nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] &= 0x3f;
        }
        return bytes;
    }
}
