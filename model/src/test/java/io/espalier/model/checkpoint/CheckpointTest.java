package io.espalier.model.checkpoint;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.espalier.base.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {
    private static final String TWO = """
            {"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},\
            "b":{"dtype":"F16","shape":[4],"data_offsets":[12,20]}}""";
    private static final String A = "{\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}}";
    private static final String B = "{\"b\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}";

    @TempDir
    Path root;

    Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(root.resolve("checkpoint"));
    }

    @Test
    void readsWholeTensorsAndRanges() throws IOException {
        TinyCheckpoint.write(folder, TWO, TinyCheckpoint.counting(20));
        ByteBuffer range = ByteBuffer.allocateDirect(3);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            checkpoint.read("b", 2, range);

            assertThat(checkpoint.tensors().keySet()).containsExactly("a", "b");
            assertThat(checkpoint.tensor("a").dim(1)).isEqualTo(3);
            assertThat(TinyCheckpoint.bytes(checkpoint, "a")).isEqualTo(TinyCheckpoint.counting(12));
            assertThat(range.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {14, 15, 16}));
            assertThat(checkpoint.bytes()).isEqualTo(8 + TWO.length() + 20);
            assertThat(checkpoint.config().hiddenSize()).isEqualTo(8);
        }
    }

    @Test
    void readsFromManyThreadsAtOnce() throws IOException {
        String header = "{\"big\":{\"dtype\":\"I8\",\"shape\":[100000],\"data_offsets\":[0,100000]}}";
        byte[] data = TinyCheckpoint.counting(100_000);
        TinyCheckpoint.write(folder, header, data);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(IntStream.range(0, 200).parallel().allMatch(i -> {
                        ByteBuffer target = ByteBuffer.allocate(400);
                        checkpoint.read("big", i * 499L, target);
                        return target.flip().equals(ByteBuffer.wrap(data, i * 499, 400));
                    }))
                    .isTrue();
        }
    }

    @Test
    void refusesARangeOutsideTheTensor() throws IOException {
        TinyCheckpoint.write(folder, TWO, new byte[20]);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> checkpoint.read("a", 10, ByteBuffer.allocate(3)))
                    .withMessageContaining("outside tensor a");
        }
    }

    @Test
    void namesATensorThatIsMissing() throws IOException {
        TinyCheckpoint.write(folder, TWO, new byte[20]);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertFails(ErrorCode.MODEL_CORRUPT, () -> checkpoint.tensor("model.norm.weight"))
                    .contains("model.norm.weight", "missing");
        }
    }

    @Test
    void noticesAFileThatIsTruncatedWhileOpen() throws IOException {
        TinyCheckpoint.write(folder, TWO, new byte[20]);

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            try (FileChannel file = FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE)) {
                file.truncate(file.size() - 4);
            }
            assertFails(ErrorCode.MODEL_CORRUPT, () -> TinyCheckpoint.bytes(checkpoint, "b"))
                    .contains("model.safetensors", "\"b\"");
        }
    }

    @Test
    void joinsShards() throws IOException {
        shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.files())
                    .extracting(Path::getFileName)
                    .hasToString("[s1.safetensors, s2.safetensors]");
            assertThat(TinyCheckpoint.bytes(checkpoint, "b")).containsExactly(0, 1);
        }
    }

    @Test
    void aTensorThatTheIndexForgetsIsLeftOutAndNamed() throws IOException {
        Files.write(folder.resolve("s1.safetensors"), TinyCheckpoint.safetensors(A, new byte[3]));
        shards("{\"b\":\"s2.safetensors\",\"c\":\"s1.safetensors\"}");

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.has("a")).isFalse();
            assertThat(checkpoint.ignored()).anyMatch(line -> line.contains("\"a\" lies in s1.safetensors"));
        }
    }

    @Test
    void aTensorThatTheIndexNamesAndNoShardHasIsMissedWhenItIsNeeded() throws IOException {
        shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\",\"c\":\"s1.safetensors\"}");

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.ignored()).anyMatch(line -> line.contains("lists \"c\""));
            assertFails(ErrorCode.MODEL_CORRUPT, () -> checkpoint.tensor("c")).contains("\"c\"", "missing");
        }
    }

    @Test
    void ofATensorThatLiesInTwoShardsTheIndexDecides() throws IOException {
        shards("{\"a\":\"s1.safetensors\",\"b\":\"s2.safetensors\"}");
        String both = "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"b\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[1,2]}}";
        Files.write(folder.resolve("s2.safetensors"), TinyCheckpoint.safetensors(both, new byte[] {9, 7}));

        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensor("a").bytes()).isEqualTo(3);
            assertThat(TinyCheckpoint.bytes(checkpoint, "b")).containsExactly(7);
            assertThat(checkpoint.ignored()).anyMatch(line -> line.contains("\"a\" lies in s2.safetensors"));
        }
    }

    @Test
    void namesAShardThatIsMissing() throws IOException {
        shards("{\"a\":\"s1.safetensors\",\"b\":\"s3.safetensors\"}");

        assertFails(ErrorCode.MODEL_CORRUPT, () -> Checkpoint.open(folder))
                .startsWith("model.safetensors.index.json: shard s3.safetensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../s1.safetensors", "/etc/passwd", "sub/s1.safetensors", "..", "a\\\\b", "%2e%2e", "\\u0000", ""
            })
    void refusesAShardThatIsNoPlainFileName(String shard) throws IOException {
        shards("{\"a\":\"" + shard + "\"}");

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> Checkpoint.open(folder))
                .contains("\"a\"")
                .doesNotContain("passwd");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"weight_map\":[]}",
                "{\"weight_map\":{}}",
                "{\"weight_map\":{\"a\":1}}",
                "[1]",
                "{",
                "{} {}"
            })
    void refusesAnIndexOfAnotherForm(String index) throws IOException {
        Files.writeString(folder.resolve("config.json"), TinyCheckpoint.CONFIG);
        Files.writeString(folder.resolve(ShardIndex.FILE), index);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> Checkpoint.open(folder)).startsWith(ShardIndex.FILE);
    }

    @Test
    void refusesALinkThatLeadsOutside() throws IOException {
        TinyCheckpoint.write(folder, TWO, new byte[20]);
        Path outside = root.resolve("elsewhere.safetensors");
        Files.move(folder.resolve("model.safetensors"), outside);
        Files.createSymbolicLink(folder.resolve("model.safetensors"), outside);

        assertFails(ErrorCode.MODEL_URI_FORBIDDEN, () -> Checkpoint.open(folder))
                .contains("model.safetensors")
                .doesNotContain("elsewhere");
    }

    @Test
    void followsALinkInsideTheRoot() throws IOException {
        TinyCheckpoint.write(folder, TWO, new byte[20]);
        Path blob = root.resolve("blob");
        Files.move(folder.resolve("model.safetensors"), blob);
        Files.createSymbolicLink(folder.resolve("model.safetensors"), blob);

        try (Checkpoint checkpoint = Checkpoint.open(folder, root)) {
            assertThat(checkpoint.has("a")).isTrue();
        }
    }

    @Test
    void refusesAFolderWithoutConfigOrWeights() throws IOException {
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> Checkpoint.open(root.resolve("nothing")));
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> Checkpoint.open(folder)).contains("config.json");
        Files.writeString(folder.resolve("config.json"), TinyCheckpoint.CONFIG);
        assertFails(ErrorCode.MODEL_NOT_FOUND, () -> Checkpoint.open(folder)).contains("model.safetensors");
    }

    @Test
    void refusesPickledWeights() throws IOException {
        Files.writeString(folder.resolve("config.json"), TinyCheckpoint.CONFIG);
        Files.createFile(folder.resolve("pytorch_model.bin"));

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> Checkpoint.open(folder)).contains("safetensors");
    }

    @Test
    void itsDigestChangesWithConfigAndWeights() throws IOException {
        String before = digest();
        TinyCheckpoint.write(folder, TWO, TinyCheckpoint.counting(20));
        String weights = digest();
        Files.writeString(folder.resolve("config.json"), TinyCheckpoint.CONFIG + " ");

        assertThat(digest()).isNotEqualTo(weights);
        assertThat(weights).isNotEqualTo(before).hasSize(64);
    }

    private String digest() throws IOException {
        if (!Files.exists(folder.resolve("config.json"))) {
            TinyCheckpoint.write(folder, TWO, new byte[20]);
        }
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return checkpoint.sha256();
        }
    }

    private void shards(String weightMap) throws IOException {
        Files.writeString(folder.resolve("config.json"), TinyCheckpoint.CONFIG);
        Files.write(folder.resolve("s1.safetensors"), TinyCheckpoint.safetensors(A, TinyCheckpoint.counting(3)));
        Files.write(folder.resolve("s2.safetensors"), TinyCheckpoint.safetensors(B, TinyCheckpoint.counting(2)));
        Files.writeString(
                folder.resolve(ShardIndex.FILE), "{\"metadata\":{\"total_size\":5},\"weight_map\":" + weightMap + "}");
    }
}
