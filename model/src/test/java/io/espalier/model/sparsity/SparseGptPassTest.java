package io.espalier.model.sparsity;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.GramSystem;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SparseGptPassTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(6, 24, 9);
    private static final LayerScope LATER = new LayerScope(1, 3);
    private static final SparsityPattern PATTERN = new SparsityPattern.NofM(2, 4);

    @TempDir
    private Path folder;

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all().stream()
                .filter(source -> !source.endsWith("bloom-h6"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("families")
    void chosenLinearLayersOfTheScopeLoseTheirShareInEveryFamily(Path source) {
        try (Checkpoint dense = Checkpoint.open(source)) {
            // When
            List<UpdateReport> reports = prune(
                    dense, new SparseGptPass(dense, WINDOWS, PATTERN, LinearChoice.ALL, LATER, MemoryBudget.DEFAULT));

            // Then
            Set<String> chosen = ModelLayout.of(dense).layers().subList(1, 3).stream()
                    .flatMap(layer -> layer.linears().stream())
                    .map(linear -> linear.weight().name())
                    .collect(Collectors.toSet());
            assertThat(reports)
                    .extracting(report -> report.mask().tensor())
                    .containsExactlyInAnyOrderElementsOf(chosen);
            assertThat(reports).allSatisfy(report -> {
                assertThat(report.mask().kept()).isEqualTo(report.mask().total() / 2);
                assertThat(report.damping()).isEqualTo(1);
            });
            try (Checkpoint pruned = Checkpoint.open(folder);
                    Scope scope = Scope.open()) {
                for (String tensor : dense.tensors().keySet()) {
                    float[] before = StoredWeights.read(dense, tensor, scope).floats();
                    float[] after = StoredWeights.read(pruned, tensor, scope).floats();
                    if (chosen.contains(tensor)) {
                        assertThat(zeros(after)).isEqualTo(before.length / 2);
                        assertThat(after).as("updated").isNotEqualTo(before);
                    } else {
                        assertThat(after).isEqualTo(before);
                    }
                }
            }
        }
    }

    @Test
    void downIsMeasuredBehindThePrunedGateAndUp() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            SparseGptPass pass = new SparseGptPass(
                    dense, WINDOWS, PATTERN, LinearChoice.MLP, new LayerScope(0, 1), MemoryBudget.DEFAULT);

            // When
            List<UpdateReport> reports = prune(dense, pass);

            // Then
            LayerLayout layer = ModelLayout.of(dense).layers().get(0);
            try (Checkpoint pruned = Checkpoint.open(folder);
                    LayerWeights weights = LayerWeights.read(pruned, layer);
                    Scope scope = Scope.open()) {
                Linear down = layer.feedForward().down();
                Tensor expected = StoredWeights.read(dense, down.weight().name(), scope);
                Mask mask = behindThePruned(pruned, layer, weights, scope).prune(expected, PATTERN);
                assertThat(weights.get(down.weight()).floats()).isEqualTo(expected.floats());
                assertThat(reports.get(2).mask()).isEqualTo(MaskReport.of(down, mask));
            }
        }
    }

    private static SparseGpt behindThePruned(Checkpoint pruned, LayerLayout layer, LayerWeights weights, Scope scope) {
        Linear down = layer.feedForward().down();
        GramSystem gram = GramSystem.zeros(down.inputs(), scope);
        try (LayerStream stream =
                LayerStream.embedToSum(pruned, ModelLayout.of(pruned), WINDOWS, MemoryBudget.DEFAULT)) {
            stream.throughInTurn(new DecoderLayer(layer, weights), (linear, x) -> {
                if (linear.equals(down)) {
                    gram.add(x);
                }
            });
        }
        return SparseGpt.of(gram, scope);
    }

    @Test
    void patternThatDoesNotFitIsRefusedBeforeAnythingIsComputed() {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.LLAMA)) {
            ModelLayout model = ModelLayout.of(dense);
            assertFails(
                            ErrorCode.INVALID_ARGUMENT,
                            () -> SparseGptPass.check(model, new SparsityPattern.NofM(1, 3), LinearChoice.MLP))
                    .startsWith("target:")
                    .contains("model.layers.0.mlp.gate_proj.weight has 32 input features");
        }
    }

    private List<UpdateReport> prune(Checkpoint dense, SparseGptPass pass) {
        return SparsePruning.write(dense, folder, out -> pass.run(out, Progress.SILENT));
    }

    private static int zeros(float[] values) {
        int zeros = 0;
        for (float value : values) {
            zeros += value == 0 ? 1 : 0;
        }
        return zeros;
    }
}
