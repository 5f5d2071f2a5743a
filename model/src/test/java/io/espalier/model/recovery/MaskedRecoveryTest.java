package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.Progress;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.checkpoint.DType;
import io.espalier.model.importance.LayerEvidence;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.sparsity.SparsePruning;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.transformer.LayerScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of which single weights became zero learn from the dense one. */
class MaskedRecoveryTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(10, 12, 3);
    private static final int STEPS = 20;

    @TempDir
    private Path folder;

    /** Stored in bf16, so that what is trained is rounded. */
    private Path golden(String family) {
        Path stored = folder.resolve("golden");
        GoldenCheckpoint.convert(GoldenCheckpoint.of(family), DType.BF16, stored);
        return stored;
    }

    /** Removes the smallest weights of all linear layers. */
    private static List<MaskReport> mask(Path source, String target, Path out) {
        SparsityPattern pattern = SparsityPattern.parse(target, 0.5);
        try (Checkpoint dense = Checkpoint.open(source)) {
            return SparsePruning.write(
                    dense,
                    new LayerScope(0, dense.config().layers().size()),
                    (layer, weights) -> MaskCriterion.named("magnitude")
                            .masks(new LayerEvidence(layer, weights, 0), pattern, LinearChoice.ALL),
                    out);
        }
    }

    private List<LossCurve> recover(Path source, Path masked, Set<String> held, boolean sequential, Path out)
            throws IOException {
        Path teacher = folder.resolve("teacher");
        Path layers = folder.resolve("layers");
        try (Checkpoint dense = Checkpoint.open(source);
                Checkpoint pruned = Checkpoint.open(masked)) {
            new TeacherPass(dense, WINDOWS, MemoryBudget.DEFAULT).run(teacher, Progress.SILENT);
            LocalDistillation distillation = new LocalDistillation(
                    pruned,
                    held,
                    WINDOWS,
                    teacher,
                    new LocalTraining(sequential, STEPS, 4, 1e-3),
                    1,
                    MemoryBudget.DEFAULT);
            List<LossCurve> curves = sequential
                    ? distillation.sequence(layers, Progress.SILENT)
                    : IntStream.range(0, dense.config().layers().size())
                            .mapToObj(layer -> distillation.layer(layer, layers, Progress.SILENT))
                            .toList();
            try (CheckpointWriter writer =
                    CheckpointWriter.create(out, List.copyOf(pruned.tensors().values()))) {
                RecoveredCheckpoint.write(pruned, layers, writer, Progress.SILENT);
                writer.finish();
            }
            Files.copy(masked.resolve(Checkpoint.CONFIG), out.resolve(Checkpoint.CONFIG));
            return curves;
        }
    }

    @ParameterizedTest
    @CsvSource({"llama, 2:4, false", "llama, unstructured, true", "opt, 2:4, true", "opt, unstructured, false"})
    void whatPruningMadeZeroStaysZeroWhileTheRestLearns(String family, String target, boolean sequential)
            throws IOException {
        // Given
        Path dense = golden(family);
        Path masked = folder.resolve("masked");
        Set<String> held = names(mask(dense, target, masked));
        Path recovered = folder.resolve("recovered");

        // When
        List<LossCurve> curves = recover(dense, masked, held, sequential, recovered);

        // Then
        assertThat(curves).allSatisfy(curve -> assertThat(curve.after()).isLessThan(curve.before()));
        Map<String, BitSet> zeros = zeros(recovered);
        Map<String, BitSet> before = zeros(masked);
        assertThat(held)
                .isNotEmpty()
                .allSatisfy(name -> assertThat(zeros.get(name)).as(name).isEqualTo(before.get(name)));
        if (target.equals("2:4")) {
            assertThat(held).allSatisfy(name -> assertTwoOfFour(zeros.get(name)));
        }
    }

    private static void assertTwoOfFour(BitSet zeros) {
        for (int start = 0; start < zeros.length(); start += 4) {
            assertThat(zeros.get(start, start + 4).cardinality()).isEqualTo(2);
        }
    }

    @Test
    void zerosOfTensorsThatNoMaskCoversLearn() throws IOException {
        // Given: a bias that begins at 0, and attention of which nobody says that it is masked.
        String bias = "model.decoder.layers.1.fc1.bias";
        String query = "model.decoder.layers.1.self_attn.q_proj.weight";
        Path dense = golden("opt");
        Path zero = folder.resolve("zero");
        GoldenCheckpoint.change(dense, bias, bytes -> ByteBuffer.allocate(bytes.capacity()), zero);
        Path masked = folder.resolve("masked");
        Set<String> held = names(mask(zero, "2:4", masked)).stream()
                .filter(name -> !name.contains("self_attn"))
                .collect(Collectors.toSet());
        Path recovered = folder.resolve("recovered");

        // When
        recover(dense, masked, held, false, recovered);

        // Then
        Map<String, BitSet> zeros = zeros(recovered);
        Map<String, BitSet> before = zeros(masked);
        assertThat(zeros.get(bias).cardinality()).isLessThan(before.get(bias).cardinality() / 4);
        assertThat(zeros.get(query).cardinality()).isLessThan(before.get(query).cardinality() / 4);
        assertThat(held).allSatisfy(name -> assertThat(zeros.get(name)).as(name).isEqualTo(before.get(name)));
    }

    private static Set<String> names(List<MaskReport> masks) {
        return masks.stream().map(MaskReport::tensor).collect(Collectors.toSet());
    }

    /** Which values of each tensor are +0, bit for bit. */
    private static Map<String, BitSet> zeros(Path model) {
        Map<String, BitSet> zeros = new TreeMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(model);
                Scope scope = Scope.open()) {
            for (String name : checkpoint.tensors().keySet()) {
                float[] values = StoredWeights.read(checkpoint, name, scope).floats();
                BitSet of = new BitSet();
                IntStream.range(0, values.length)
                        .filter(i -> Float.floatToRawIntBits(values[i]) == 0)
                        .forEach(of::set);
                zeros.put(name, of);
            }
        }
        return zeros;
    }
}
