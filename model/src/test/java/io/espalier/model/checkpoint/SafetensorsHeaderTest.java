package io.espalier.model.checkpoint;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
    private static final String GOOD = """
            {"__metadata__":{"format":"pt"},\
            "a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
            "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]}}""";
    private static final int GOOD_BYTES = 32;

    @TempDir
    Path folder;

    @Test
    void readsTensorsInTheOrderOfTheirBytes() throws IOException {
        String header = """
                {"late":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},\
                "empty":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},\
                "early":{"dtype":"I8","shape":[],"data_offsets":[3,4]},\
                "first":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}   """;

        List<SafetensorsHeader.Entry> entries = read(TinyCheckpoint.safetensors(header, new byte[8]));

        assertThat(entries).extracting(e -> e.tensor().name()).containsExactly("first", "early", "empty", "late");
        assertThat(entries.get(3).offset()).isEqualTo(8 + header.length() + 4);
        assertThat(entries.get(1).tensor().elements()).isEqualTo(1);
    }

    static Stream<Arguments> corruptions() {
        return Stream.of(
                Arguments.of("overlap", "\"data_offsets\":[24,32]", "\"data_offsets\":[20,28]", "\"b\""),
                Arguments.of(
                        "hole",
                        "\"shape\":[2,3],\"data_offsets\":[0,24]",
                        "\"shape\":[5],\"data_offsets\":[0,20]",
                        "\"b\""),
                Arguments.of(
                        "range beyond the file",
                        "\"shape\":[4],\"data_offsets\":[24,32]",
                        "\"shape\":[8],\"data_offsets\":[24,40]",
                        "\"b\""),
                Arguments.of(
                        "bytes of no tensor",
                        "\"shape\":[4],\"data_offsets\":[24,32]",
                        "\"shape\":[2],\"data_offsets\":[24,28]",
                        "belong to none"),
                Arguments.of("shape against length", "\"shape\":[2,3]", "\"shape\":[2,4]", "\"a\""),
                Arguments.of("dtype against length", "F32", "F64", "\"a\""),
                Arguments.of("unknown dtype", "F32", "F33", "\"a\""),
                Arguments.of("duplicate name", "\"b\":", "\"a\":", "twice"),
                Arguments.of("duplicate key", "\"shape\":[4]", "\"dtype\":\"F32\"", "\"b\""),
                Arguments.of("missing key", "\"shape\":[4],", "", "\"b\""),
                Arguments.of("reversed offsets", "[24,32]", "[32,24]", "\"b\""),
                Arguments.of("one offset", "[24,32]", "[24]", "\"b\""),
                Arguments.of("negative size", "[2,3]", "[-2,-3]", "\"a\""),
                Arguments.of("fraction", "[2,3]", "[2.0,3]", "\"a\""),
                Arguments.of("overflowing shape", "[2,3]", "[4611686018427387904,16]", "\"a\""),
                Arguments.of("overflow to a fitting size", "[2,3]", "[6148914691236517205,18]", "\"a\""),
                Arguments.of("number beyond a long", "[2,3]", "[99999999999999999999]", "malformed"),
                Arguments.of("number of 10,000 digits", "[2,3]", "[" + "9".repeat(10_000) + "]", "malformed"),
                Arguments.of("shape that is no array", "[2,3]", "6", "\"a\""),
                Arguments.of("rank of 1,000", "[2,3]", "[6" + ",1".repeat(999) + "]", "\"a\""),
                Arguments.of(
                        "tensor that is no object",
                        "{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]}",
                        "7",
                        "\"b\""),
                Arguments.of("metadata that is no object", "{\"format\":\"pt\"}", "[]", "__metadata__"),
                Arguments.of("metadata that is no string", "\"pt\"", "{}", "__metadata__"),
                Arguments.of("nesting of 10⁵", "\"pt\"", "[".repeat(100_000), "__metadata__"),
                Arguments.of("second object", "[24,32]}}", "[24,32]}}{}", "after"),
                Arguments.of("cut JSON", "[24,32]}}", "[24,32]}", "malformed"),
                Arguments.of("array at the top", "{\"__metadata__\"", "[\"__metadata__\"", "object"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("corruptions")
    void refusesAHeaderWith(String what, String good, String bad, String named) throws IOException {
        String header = GOOD.replace(good, bad);
        assertThat(header).isNotEqualTo(GOOD);
        byte[] file = TinyCheckpoint.safetensors(header, new byte[GOOD_BYTES]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(file))
                .startsWith("weights.safetensors")
                .contains(named);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, -1, Long.MIN_VALUE, 0, 1, 100_000_001, 1000})
    void refusesAHeaderLengthThatTheFileDoesNotHave(long length) throws IOException {
        byte[] file = TinyCheckpoint.safetensors(GOOD, new byte[GOOD_BYTES]);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(file)).contains("header length");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 9, 40})
    void refusesATruncatedFile(int bytes) {
        byte[] file = TinyCheckpoint.safetensors(GOOD, new byte[GOOD_BYTES]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(Arrays.copyOf(file, bytes)));
    }

    @ParameterizedTest
    @CsvSource({"F8_E4M3,1", "C64,8"})
    void saysThatAStorageTypeIsNotSupported(String dtype, int bytes) {
        String header = "{\"a\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%d]}}".formatted(dtype, bytes);

        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> read(TinyCheckpoint.safetensors(header, new byte[bytes])))
                .contains("\"a\"", dtype);
    }

    @Test
    void refusesAMillionTensors() {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 1_000_000; i++) {
            header.append("\"t").append(i).append("\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }
        byte[] file = TinyCheckpoint.safetensors(header.append("}").toString(), new byte[0]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(file)).contains("more than");
    }

    @Test
    void refusesBytesThatAreNoUtf8() {
        byte[] file = TinyCheckpoint.safetensors(GOOD.getBytes(StandardCharsets.UTF_16LE), new byte[GOOD_BYTES]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(file));
    }

    @Test
    void keepsAHostileNameOutOfTheMessage() {
        String name = "x\\n\\u0000\\u001b[2J" + "y".repeat(3000);
        byte[] file = TinyCheckpoint.safetensors("{\"" + name + "\":7}", new byte[0]);

        assertFails(ErrorCode.MODEL_CORRUPT, () -> read(file))
                .doesNotContain("\n", "\u0000", "\u001b")
                .hasSizeLessThan(300);
    }

    private List<SafetensorsHeader.Entry> read(byte[] file) throws IOException {
        Path path = folder.resolve("weights.safetensors");
        Files.write(path, file);
        try (FileChannel channel = FileChannel.open(path)) {
            return SafetensorsHeader.read(channel, "weights.safetensors");
        }
    }
}
