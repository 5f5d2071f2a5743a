package io.espalier.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.file.Digests;
import io.espalier.model.sparsity.DassPass;
import io.espalier.model.sparsity.Mask;
import io.espalier.model.sparsity.MaskReport;
import io.espalier.model.sparsity.SparsePruning;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.Linear;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The masks of every golden folder of a gated family, bit by bit, and the loss behind them. */
class GoldenMaskTest {
    private static final Map<String, SparsityPattern> PATTERNS = Map.of(
            "2:4", SparsityPattern.parse("2:4", 0),
            "4:8", SparsityPattern.parse("4:8", 0),
            "unstructured-0.5", SparsityPattern.parse("unstructured", 0.5));

    static Stream<Arguments> familiesAndPatterns() throws IOException {
        List<Arguments> cases = new ArrayList<>();
        for (GoldenFolder golden : GoldenFolder.all()) {
            if (golden.has("scores.json") && golden.json("scores.json").has("dass")) {
                PATTERNS.keySet().stream().sorted().forEach(pattern -> cases.add(Arguments.of(golden, pattern)));
            }
        }
        assertThat(cases).hasSizeGreaterThanOrEqualTo(7 * PATTERNS.size());
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("familiesAndPatterns")
    void dassMasksAndTheLossBehindThemAreReproduced(GoldenFolder golden, String name, @TempDir Path folder)
            throws IOException {
        JsonNode expected = golden.json("scores.json").path("dass").path(name);
        try (Checkpoint dense = Checkpoint.open(golden.folder())) {
            LayerScope all = LayerScope.parse("all", dense.config().layers().size());
            Map<Integer, Map<Linear, Mask>> masks = new TreeMap<>();

            // When
            new DassPass(dense, golden.windows(), PATTERNS.get(name), all)
                    .run(
                            folder.resolve("position"),
                            (layer, found, u) -> masks.put(layer.index(), found),
                            Progress.SILENT);

            // Then
            masks.forEach(
                    (layer, found) -> assertMasks(found, expected.path("layers").path(layer)));
            List<MaskReport> reports = SparsePruning.write(
                    dense, all, (layer, weights) -> masks.get(layer.index()), folder.resolve("pruned"));
            assertThat(reports).extracting(MaskReport::sha256).containsExactlyElementsOf(digests(masks));
            try (Checkpoint pruned = Checkpoint.open(folder.resolve("pruned"))) {
                double loss = Math.log(
                        Perplexity.of(pruned, golden.windows(), Progress.SILENT).value());
                assertThat(loss).isCloseTo(expected.path("mean_loss_after").doubleValue(), Offset.offset(1e-5));
            }
        }
    }

    private static List<String> digests(Map<Integer, Map<Linear, Mask>> masks) {
        return masks.values().stream()
                .flatMap(layer -> layer.values().stream().map(Mask::sha256))
                .toList();
    }

    /** Phi-3 stacks gate and up, whose masks fill whole bytes each. */
    private static void assertMasks(Map<Linear, Mask> found, JsonNode expected) {
        List<Mask> masks = List.copyOf(found.values());
        Mask down = masks.get(masks.size() - 1);
        assertMask(down, expected.path("down"));
        if (masks.size() == 3) {
            assertMask(masks.get(0), expected.path("gate"));
            assertMask(masks.get(1), expected.path("up"));
        } else {
            assertThat(masks).hasSize(2);
            Mask stacked = masks.get(0);
            byte[] bits = stacked.packed();
            int half = bits.length / 2;
            int rows = stacked.rows() / 2;
            assertMask(Mask.of(rows, stacked.columns(), Arrays.copyOf(bits, half)), expected.path("gate"));
            assertMask(
                    Mask.of(rows, stacked.columns(), Arrays.copyOfRange(bits, half, bits.length)), expected.path("up"));
        }
    }

    private static void assertMask(Mask mask, JsonNode expected) {
        assertThat(mask.sha256())
                .isEqualTo(expected.path("sha256").textValue())
                .isEqualTo(Digests.sha256(mask.packed()));
        assertThat(mask.kept()).isEqualTo(expected.path("kept").longValue());
        assertThat(List.of(mask.rows(), mask.columns()))
                .containsExactly(
                        expected.path("shape").path(0).intValue(),
                        expected.path("shape").path(1).intValue());
    }
}
