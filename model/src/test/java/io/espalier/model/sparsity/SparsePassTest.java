package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.file.Digests;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerScope;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparsePassTest {
    private static final LayerScope MIDDLE = new LayerScope(1, 2);
    private static final SparsePass.MaskSource MAGNITUDE = (layer, weights) -> MaskCriterion.named("magnitude")
            .masks(new LayerEvidence(layer, weights, 0), new SparsityPattern.NofM(2, 4), LinearChoice.MLP);

    @TempDir
    private Path folder;

    @Test
    void removedWeightsAreZeroAndAllElseIsAsStored() {
        // Given
        GoldenCheckpoint.convert(GoldenCheckpoint.LLAMA, DType.BF16, folder.resolve("dense"));
        Map<String, Mask> masks = new TreeMap<>();
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            // When
            List<MaskReport> reports = SparsePruning.write(
                    dense,
                    MIDDLE,
                    (layer, weights) -> {
                        var found = MAGNITUDE.masks(layer, weights);
                        found.forEach(
                                (linear, mask) -> masks.put(linear.weight().name(), mask));
                        return found;
                    },
                    folder.resolve("pruned"));

            // Then
            assertThat(reports)
                    .extracting(MaskReport::tensor)
                    .containsExactly(
                            "model.layers.1.mlp.gate_proj.weight",
                            "model.layers.1.mlp.up_proj.weight",
                            "model.layers.1.mlp.down_proj.weight");
            assertThat(reports).allSatisfy(report -> {
                assertThat(report.kept()).isEqualTo(80 * 32 / 2);
                assertThat(report.total()).isEqualTo(80 * 32);
                assertThat(report.sha256()).isEqualTo(masks.get(report.tensor()).sha256());
            });
            assertTensors(dense, masks);
        }
    }

    private void assertTensors(Checkpoint dense, Map<String, Mask> masks) {
        try (Checkpoint pruned = Checkpoint.open(folder.resolve("pruned"));
                Scope scope = Scope.open()) {
            assertThat(pruned.tensors()).isEqualTo(dense.tensors());
            assertThat(pruned.config().json()).isEqualTo(dense.config().json());
            for (String tensor : dense.tensors().keySet()) {
                float[] before = StoredWeights.read(dense, tensor, scope).floats();
                float[] after = StoredWeights.read(pruned, tensor, scope).floats();
                Mask mask = masks.get(tensor);
                for (int i = 0; i < before.length; i++) {
                    boolean kept = mask == null || mask.keeps(i / mask.columns(), i % mask.columns());
                    assertThat(after[i]).isEqualTo(kept ? before[i] : 0);
                }
            }
        }
    }

    @Test
    void weightThatIsNoNumberIsRefusedNamingItsTensor() {
        // Given
        String broken = "model.layers.1.mlp.up_proj.weight";
        GoldenCheckpoint.change(
                GoldenCheckpoint.LLAMA, broken, bytes -> bytes.putFloat(40, Float.NaN), folder.resolve("dense"));
        try (Checkpoint dense = Checkpoint.open(folder.resolve("dense"))) {
            assertFails(
                            ErrorCode.MODEL_CORRUPT,
                            () -> SparsePruning.write(dense, MIDDLE, MAGNITUDE, folder.resolve("pruned")))
                    .contains(broken);
        }
    }

    @Test
    void digestOfAllMasksIsThatOfTheirSortedList() {
        MaskReport one = new MaskReport("b.weight", "11", 1, 2);
        MaskReport other = new MaskReport("a.weight", "22", 1, 2);

        String digest = MaskReport.sha256(List.of(one, other));

        byte[] lines = "22  a.weight\n11  b.weight\n".getBytes(StandardCharsets.UTF_8);
        assertThat(digest)
                .isEqualTo(Digests.sha256(lines))
                .isEqualTo(MaskReport.sha256(List.of(other, one)))
                .isNotEqualTo(MaskReport.sha256(List.of(one)));
    }
}
