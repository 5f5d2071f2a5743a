package io.espalier.evaluator.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.artifact.FolderArtifactStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On artifacts of an earlier version. */
class ReportWorkTest {
    private static final Path RECORDED =
            Path.of("..", "system-tests", "src", "test", "resources", "upgrade", "8acdd61", "ended", "artifacts");
    private static final List<LayerShape> DENSE = Collections.nCopies(3, new LayerShape(4, 4, 8, 64));

    @TempDir
    private Path root;

    @BeforeEach
    void copyTheArtifacts() throws Exception {
        for (String output : List.of("units-fms", "layers")) {
            try (Stream<Path> files = Files.walk(RECORDED.resolve(output))) {
                for (Path file : files.toList()) {
                    Files.copy(file, root.resolve(RECORDED.relativize(file).toString()));
                }
            }
        }
    }

    @Test
    void thePageAndItsDataLieAmongTheMeasurementsOfTheJob() throws Exception {
        String page = write("units-fms");

        assertThat(page).isEqualTo("reports/job/report.html");
        assertThat(root.resolve(page)).content().startsWith("<!doctype html>");
        JsonNode data = data();
        assertThat(data.get("job_id").asText()).isEqualTo("job");
        assertThat(data.at("/importance/criterion").asText()).isEqualTo("fms");
        assertThat(data.at("/results/0/repairs")).isNotEmpty();
    }

    @Test
    void theSameReportAgainReplacesTheFiles() throws Exception {
        write("units-fms");
        byte[] first = Files.readAllBytes(root.resolve("reports/job/report.html"));

        write("units-fms");

        assertThat(root.resolve("reports/job/report.html")).hasBinaryContent(first);
    }

    @Test
    void layersThatWentAreKnownByThoseThatStayed() throws Exception {
        write("layers");

        assertThat(data().at("/results/0/kept_layers"))
                .hasSizeBetween(1, 5)
                .hasSameSizeAs(new ObjectMapper()
                        .readTree(root.resolve("layers/manifest.json").toFile())
                        .get("layers"));
    }

    @Test
    void anArtifactThatIsGoneIsNamed() {
        assertThatThrownBy(() -> write("nothing"))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND))
                .hasMessageStartingWith("nothing: ");
    }

    private String write(String output) {
        return new ReportWork(new FolderArtifactStore(root))
                .write(
                        "job",
                        SampleReport.json("{'model': 'llama'}"),
                        DENSE,
                        List.of(new ReportWork.Measured(output, SampleReport.json("{}"), SampleReport.json("{}"))));
    }

    private JsonNode data() throws Exception {
        return new ObjectMapper()
                .readTree(root.resolve("reports")
                        .resolve("job")
                        .resolve("report.json")
                        .toFile());
    }
}
