package io.espalier.cli.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folders that an earlier build really left, and what could lie beside such folders. */
class ArtifactFolderTest {
    private static final Path RECORDED =
            Path.of("..", "system-tests", "src", "test", "resources", "upgrade", "8acdd61");
    private static final Path ENDED = RECORDED.resolve("ended").resolve("artifacts");

    @TempDir
    Path folder;

    private final List<String> skipped = new ArrayList<>();

    @Test
    void everyArtifactIsListedWithItsJobAndItsReport() throws Exception {
        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(ENDED, skipped::add);

        // Then
        assertThat(artifacts)
                .extracting(StoredArtifact::output)
                .containsExactlyInAnyOrder(
                        "layers",
                        "masks-sparsegpt",
                        "masks-wanda",
                        "reuse",
                        "units-fms",
                        "units-obs-1",
                        "units-obs-small",
                        "units-worth");
        assertThat(artifacts).allSatisfy(artifact -> {
            assertThat(artifact.model()).isEqualTo("llama");
            assertThat(artifact.bytes()).isGreaterThan(50_000);
            assertThat(artifact.evaluation()).get().satisfies(report -> {
                assertThat(report.getOutput()).isEqualTo(artifact.output());
                assertThat(report.getPruned().getPerplexity()).isPositive();
            });
        });
        assertThat(artifacts)
                .filteredOn(artifact -> artifact.output().startsWith("units-obs"))
                .extracting(StoredArtifact::jobId)
                .containsExactly("units-obs", "units-obs");
        assertThat(skipped).isEmpty();
    }

    @Test
    void anArtifactThatWasNotEvaluatedIsListedWithoutAReportAndUnfinishedWorkIsNot() throws Exception {
        // When
        List<StoredArtifact> artifacts =
                ArtifactFolder.list(RECORDED.resolve("killed").resolve("artifacts"), skipped::add);

        // Then
        assertThat(artifacts).singleElement().satisfies(artifact -> {
            assertThat(artifact.jobId()).isEqualTo("evaluating");
            assertThat(artifact.evaluation()).isEmpty();
        });
        assertThat(skipped).isEmpty();
    }

    @Test
    void anOutputWithSeveralNamesIsFound() throws Exception {
        // Given
        manifest("team/llama/third", "{\"request\":{\"model\":\"llama\"},\"job_id\":\"a\"}");

        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(folder, skipped::add);

        // Then
        assertThat(artifacts).extracting(StoredArtifact::output).containsExactly("team/llama/third");
    }

    @Test
    void whatIsNoManifestIsSkippedWithALine() throws Exception {
        // Given
        manifest("good", "{\"job_id\":\"good\",\"request\":{\"model\":\"llama\"}}");
        manifest("no-json", "job_id: x");
        manifest("empty", "");
        manifest("array", "[1]");
        manifest("cut", "{\"job_id\":\"cut\"");
        manifest("deep", "{\"x\":" + "[".repeat(100_000));
        manifest("climbing", "{\"job_id\":\"../../etc\"}");
        manifest("nameless", "{\"job_id\":{\"a\":1}}");
        Files.createDirectories(folder.resolve("folder").resolve("manifest.json"));
        try (var file = new java.io.RandomAccessFile(manifest("huge", "{}").toFile(), "rw")) {
            file.setLength(60_000_000);
        }

        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(folder, skipped::add);

        // Then
        assertThat(artifacts).extracting(StoredArtifact::jobId).containsExactly("good");
        assertThat(skipped)
                .hasSize(9)
                .allMatch(line -> line.matches("skipped [a-z-]+/manifest.json: it (is|names) .*"));
    }

    @Test
    void noLinkIsFollowed() throws Exception {
        // Given
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Path secret = Files.writeString(elsewhere.resolve("manifest.json"), "{\"job_id\":\"secret\"}");
        Path root = Files.createDirectories(folder.resolve("root"));
        Files.createSymbolicLink(root.resolve("linked-folder"), elsewhere);
        Files.createDirectories(root.resolve("linked-file"));
        Files.createSymbolicLink(root.resolve("linked-file").resolve("manifest.json"), secret);

        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(root, skipped::add);

        // Then
        assertThat(artifacts).isEmpty();
        assertThat(skipped)
                .containsExactlyInAnyOrder(
                        "skipped linked-folder: it is a link",
                        "skipped linked-file/manifest.json: it is a link, no regular file or too large");
    }

    @Test
    void whatIsNoReportIsSkippedWithALineAndTheArtifactStays() throws Exception {
        // Given
        manifest("job", "{\"job_id\":\"job\"}");
        Path reports = Files.createDirectories(folder.resolve("reports").resolve("job"));
        Files.writeString(reports.resolve("evaluation.json"), "[".repeat(100_000));
        Files.writeString(reports.resolve("evaluation-2.json"), "{\"dense\": 7}");
        Files.writeString(reports.resolve("evaluation-3.json"), "{\"output\": \"another\"}");
        Files.writeString(reports.resolve("report.json"), "{\"results\": []}");

        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(folder, skipped::add);

        // Then
        assertThat(artifacts).singleElement().satisfies(artifact -> assertThat(artifact.evaluation())
                .isEmpty());
        assertThat(skipped)
                .containsExactlyInAnyOrder(
                        "skipped reports/job/evaluation.json: it is no report",
                        "skipped reports/job/evaluation-2.json: it is no report");
    }

    @Test
    void charactersThatWouldMoveTheCursorAreNotShown() throws Exception {
        // Given
        manifest("job", "{\"job_id\":\"job\",\"request\":{\"model\":\"\\u001b[2Jllama\\n\"}}");

        // When
        List<StoredArtifact> artifacts = ArtifactFolder.list(folder, skipped::add);

        // Then
        assertThat(artifacts).extracting(StoredArtifact::model).containsExactly("?[2Jllama?");
    }

    @Test
    void aFolderThatDoesNotExistIsAnError() {
        assertThatThrownBy(() -> ArtifactFolder.list(folder.resolve("absent"), skipped::add))
                .isInstanceOf(NoSuchFileException.class);
    }

    private Path manifest(String output, String json) throws IOException {
        Path artifact = Files.createDirectories(folder.resolve(output));
        return Files.writeString(artifact.resolve("manifest.json"), json);
    }
}
