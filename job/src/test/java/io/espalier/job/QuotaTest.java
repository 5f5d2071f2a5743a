package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.artifact.FolderArtifactStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuotaTest {
    @TempDir
    private Path folder;

    @Test
    void aModelWithMoreParametersThanOneMayHaveIsRefused() {
        Quota quota = new Quota(1_000_000, 0);

        assertThatThrownBy(() -> quota.checkModel(1_000_001))
                .hasMessageContaining("1,000,001 parameters")
                .hasMessageContaining("espalier.quota.parameters");
        assertThatCode(() -> quota.checkModel(1_000_000)).doesNotThrowAnyException();
    }

    @Test
    void noJobBeginsWhereTheArtifactsTakeAsMuchAsTheyMay() throws IOException {
        Files.createDirectories(folder.resolve("some/artifact"));
        Files.write(folder.resolve("some/artifact/model.safetensors"), new byte[600]);
        Files.write(folder.resolve("report.json"), new byte[400]);
        FolderArtifactStore artifacts = new FolderArtifactStore(folder);

        assertThatThrownBy(() -> new Quota(0, 1_000).checkStored(artifacts))
                .hasMessageContaining("holds 1,000 bytes")
                .hasMessageContaining("delete artifacts");
        assertThatCode(() -> new Quota(0, 1_001).checkStored(artifacts)).doesNotThrowAnyException();
    }

    @Test
    void zeroIsNoLimit() {
        FolderArtifactStore artifacts = new FolderArtifactStore(folder);

        assertThatCode(() -> {
                    Quota none = new Quota(0, 0);
                    none.checkModel(Long.MAX_VALUE);
                    none.checkStored(artifacts);
                })
                .doesNotThrowAnyException();
    }
}
