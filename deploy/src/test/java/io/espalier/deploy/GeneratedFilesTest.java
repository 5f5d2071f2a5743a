package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** With {@code -Ddeploy.write=true} the files are written first. */
class GeneratedFilesTest {
    static Set<Map.Entry<Path, String>> files() throws IOException {
        var files = GeneratedFiles.all().entrySet();
        if (Boolean.getBoolean("deploy.write")) {
            for (var file : files) {
                Files.writeString(file.getKey(), file.getValue());
            }
        }
        return files;
    }

    @ParameterizedTest
    @MethodSource("files")
    void theFileSaysWhatTheCodeDeclares(Map.Entry<Path, String> file) {
        // When
        String written = Repository.text(file.getKey());

        // Then
        assertThat(written)
                .as("regenerate with -Dtest=GeneratedFilesTest -Ddeploy.write=true")
                .isEqualTo(file.getValue());
    }
}
