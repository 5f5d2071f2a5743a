package io.espalier.v1;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Messages serialized by released versions, beside what they meant. Later versions must read the same out of the same
 * bytes. Files are never changed; a new version adds a folder, written with {@code -Dgolden.write=true}.
 */
class GoldenMessagesTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");

    @TestFactory
    Stream<DynamicTest> bytesOfEveryReleasedVersionStillMeanTheSame() throws IOException {
        List<Path> messages;
        try (Stream<Path> files = Files.walk(FOLDER)) {
            messages = files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        }
        return messages.stream()
                .map(json -> DynamicTest.dynamicTest(FOLDER.relativize(json).toString(), () -> check(json)));
    }

    private static void check(Path json) throws Exception {
        String name = json.getFileName().toString();
        Message.Builder meaning = builder(name.substring(0, name.indexOf('.')));
        JsonFormat.parser().merge(Files.readString(json), meaning);
        Path bytes = json.resolveSibling(name.replace(".json", ".binpb"));
        if (Boolean.getBoolean("golden.write") && !Files.exists(bytes)) {
            Files.write(bytes, meaning.build().toByteArray());
        }

        Message parsed = meaning.build().getParserForType().parseFrom(Files.readAllBytes(bytes));

        assertThat(parsed).isEqualTo(meaning.build());
    }

    private static Message.Builder builder(String message) throws ReflectiveOperationException {
        return (Message.Builder) Class.forName("io.espalier.v1." + message)
                .getMethod("newBuilder")
                .invoke(null);
    }
}
