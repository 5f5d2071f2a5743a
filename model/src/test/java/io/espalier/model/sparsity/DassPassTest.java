package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DassPassTest {
    private static final LayerScope ALL = new LayerScope(0, 3);
    private static final SparsityPattern PATTERN = new SparsityPattern.NofM(2, 4);
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(70, 24, 5);

    @TempDir
    private Path folder;

    private Checkpoint checkpoint;

    @BeforeEach
    void openModel() {
        checkpoint = Checkpoint.open(GoldenCheckpoint.LLAMA_GQA);
    }

    @AfterEach
    void closeModel() {
        checkpoint.close();
    }

    @Test
    void passThatIsKilledAndContinuedGivesTheSameMasks() {
        // Given
        Map<Integer, Map<Linear, Mask>> whole = new LinkedHashMap<>();
        DassPass pass = new DassPass(checkpoint, WINDOWS, PATTERN, ALL);
        pass.run(folder.resolve("whole"), (layer, masks, u) -> whole.put(layer.index(), masks), Progress.SILENT);
        Map<Integer, Map<Linear, Mask>> inParts = new LinkedHashMap<>();
        assertThatThrownBy(() -> pass.run(
                        folder.resolve("parts"),
                        (layer, masks, u) -> {
                            if (layer.index() == 1) {
                                throw new IllegalStateException("killed");
                            }
                            inParts.put(layer.index(), masks);
                        },
                        Progress.SILENT))
                .hasMessage("killed");

        // When
        pass.run(
                folder.resolve("parts"),
                (layer, masks, u) ->
                        assertThat(inParts.put(layer.index(), masks)).isNull(),
                Progress.SILENT);

        // Then
        assertThat(whole).containsOnlyKeys(0, 1, 2);
        assertThat(inParts).isEqualTo(whole);
    }

    @Test
    void masksFollowFromTheWeightsAndFromWhatTheVisitorWasTold() {
        LinearChoice some = LinearChoice.parse(List.of("up_proj", "down_proj"));
        new DassPass(checkpoint, WINDOWS, PATTERN, some, ALL, MemoryBudget.DEFAULT)
                .run(
                        folder,
                        (layer, masks, u) -> {
                            try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                                assertThat(DassPass.masks(layer, weights, u, PATTERN, some))
                                        .isEqualTo(masks)
                                        .hasSize(2);
                            }
                        },
                        Progress.SILENT);
    }

    @Test
    void layersOutsideTheScopeStayDense() {
        // Given
        Map<Integer, double[]> all = new LinkedHashMap<>();
        new DassPass(checkpoint, WINDOWS, PATTERN, ALL)
                .run(folder.resolve("all"), (layer, masks, u) -> all.put(layer.index(), u), Progress.SILENT);
        Map<Integer, double[]> last = new LinkedHashMap<>();

        // When
        new DassPass(checkpoint, WINDOWS, PATTERN, new LayerScope(2, 3))
                .run(folder.resolve("last"), (layer, masks, u) -> last.put(layer.index(), u), Progress.SILENT);

        // Then
        assertThat(last).containsOnlyKeys(2);
        assertThat(last.get(2)).as("behind dense layers").isNotEqualTo(all.get(2));
    }

    @Test
    void patternThatDoesNotFitIsRefusedBeforeAnythingIsComputed() {
        DassPass pass = new DassPass(checkpoint, WINDOWS, new SparsityPattern.NofM(1, 3), ALL);
        assertFails(
                        ErrorCode.INVALID_ARGUMENT,
                        () -> pass.run(
                                folder, (layer, masks, u) -> assertThat(layer).isNull(), Progress.SILENT))
                .startsWith("target:");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void maskFileGivesTheMasksBackAndNothingElse() {
        LayerLayout layer = ModelLayout.of(checkpoint).layers().get(1);
        new DassPass(checkpoint, WINDOWS, PATTERN, new LayerScope(1, 2))
                .run(
                        folder,
                        (visited, masks, u) -> {
                            byte[] file = MaskFile.write(masks);
                            assertThat(MaskFile.read(file, layer, LinearChoice.MLP))
                                    .isEqualTo(masks);
                            assertRefused(file, layer, LinearChoice.parse(List.of("down_proj")));
                            assertRefused(
                                    file, ModelLayout.of(checkpoint).layers().get(2), LinearChoice.MLP);
                            assertRefused(Arrays.copyOf(file, file.length - 1), layer, LinearChoice.MLP);
                            file[20] ^= 1;
                            assertRefused(file, layer, LinearChoice.MLP);
                            assertRefused(new byte[0], layer, LinearChoice.MLP);
                        },
                        Progress.SILENT);
    }

    private static void assertRefused(byte[] file, LayerLayout layer, LinearChoice linears) {
        assertFails(ErrorCode.INTERNAL, () -> MaskFile.read(file, layer, linears))
                .startsWith("masks of layer " + layer.index())
                .contains("run the job again");
    }
}
