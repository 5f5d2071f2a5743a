package io.espalier.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KubernetesFilesTest {
    static List<Path> files() throws IOException {
        return Repository.yamlFiles(Repository.KUBERNETES);
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFileHoldsResourcesWhoseFieldsAllExist(Path file) {
        // When
        Resources resources = Resources.parse(Repository.text(file));

        // Then
        assertThat(resources.all()).isNotEmpty();
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsAnError() {
        // Given
        String misspelt = Repository.text(Repository.KUBERNETES.resolve("base/worker.yaml"))
                .replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");

        // When, then
        assertThatThrownBy(() -> Resources.parse(misspelt)).hasMessageContaining("readOnlyRootFileSystem");
    }
}
