package io.espalier.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.model.LayerShape;
import io.espalier.model.artifact.ArtifactStore;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.tensor.Computation;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The scores of an artifact that an earlier version made, whose windows began with nothing. */
class EarlierScoresTest {
    private static final Path ARTIFACTS =
            Path.of("..", "system-tests", "src", "test", "resources", "upgrade", "8acdd61", "ended", "artifacts");
    private static final int LAYERS = 3;

    private final ArtifactStore artifacts = new FolderArtifactStore(ARTIFACTS);
    private final Manifest manifest =
            artifacts.manifest("scoring.scores_of", "units-fms").orElseThrow();

    @Test
    void areThoseOfEveryLayer() {
        assertThat(EarlierScores.of(spec(), inspection(""), artifacts)).containsOnlyKeys(0, 1, 2);
    }

    @Test
    void areNotThoseOfWindowsThatBeginWithAToken() {
        assertThatThrownBy(() -> EarlierScores.of(spec(), inspection("<s>"), artifacts))
                .hasMessageContaining("scoring.scores_of")
                .hasMessageContaining("beginning of the calibration windows")
                .hasMessageContaining("<s>");
    }

    private JobSpec spec() {
        JobSpec earlier = RequestMapper.toSpec("again", manifest.request());
        return new JobSpec(
                "again",
                earlier.model(),
                earlier.calibration(),
                new JobSpec.Scoring(
                        earlier.scoring().criterion(),
                        earlier.scoring().options(),
                        earlier.scoring().gradient(),
                        earlier.scoring().controls(),
                        "units-fms"),
                earlier.pruning(),
                earlier.evaluation(),
                earlier.export(),
                earlier.recovery(),
                earlier.seed());
    }

    private Inspection inspection(String beginning) {
        return new Inspection(
                "llama",
                Collections.nCopies(LAYERS, new LayerShape(4, 4, 8, 80)),
                1,
                manifest.inputs().get("model"),
                manifest.inputs().get("calibration"),
                "",
                8,
                8,
                0,
                LAYERS,
                List.of(),
                2,
                Computation.EXACT,
                Map.of(),
                List.of(),
                new TextRead(1, 256, new int[0], beginning),
                TextRead.UNKNOWN,
                List.of(),
                List.of(),
                "",
                List.of());
    }
}
