package io.espalier.model.pruning;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.transformer.ModelLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What surgery and repair promise, for a checkpoint of every family. */
class FamilySurgeryTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(8, 24, 4);
    private static final RemovedUnits SOME = new RemovedUnits(new int[] {0}, new int[] {0, 3, 4, 7, 20});
    private static final Compensation REPAIR = Compensation.LEAST_SQUARES_OWN;
    private static final RemovedUnits NONE = RemovedUnits.NONE;

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void repairReconstructsBetterThanDroppingTheColumns(Path family, @TempDir Path folder) {
        try (Checkpoint dense = Checkpoint.open(family)) {
            List<RemovedUnits> removed = List.of(SOME, SOME, SOME);

            List<LayerRepair> repairs = DemoModel.prune(dense, removed, WINDOWS, REPAIR, folder);

            assertThat(repairs).hasSize(3).allSatisfy(repair -> {
                assertThat(repair.attention().error())
                        .isLessThan(repair.attention().errorNone());
                assertThat(repair.ffn().error()).isLessThan(repair.ffn().errorNone());
            });
        }
    }

    /** So the stream behind a pruned layer is that of the pruned model, with every head's own position bias. */
    @ParameterizedTest
    @MethodSource("families")
    void repairingTwoLayersInOnePassOrInTwoGivesTheSameBytes(Path family, @TempDir Path folder) {
        // Given
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        Path together = folder.resolve("together");
        try (Checkpoint dense = Checkpoint.open(family)) {
            DemoModel.prune(dense, List.of(SOME, NONE, NONE), WINDOWS, REPAIR, first);
        }
        try (Checkpoint once = Checkpoint.open(first)) {
            DemoModel.prune(once, List.of(NONE, SOME, NONE), WINDOWS, REPAIR, second);
        }

        // When
        try (Checkpoint dense = Checkpoint.open(family)) {
            DemoModel.prune(dense, List.of(SOME, SOME, NONE), WINDOWS, REPAIR, together);
        }

        // Then
        assertThat(weights(together)).isEqualTo(weights(second));
    }

    private static String weights(Path checkpoint) {
        return Digests.sha256(checkpoint.resolve("model.safetensors"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bloom", "bloom-h6"})
    void headsKeepTheSlopesOfTheDenseModelHoweverOftenItIsPruned(String family, @TempDir Path folder) {
        // Given
        Path once = folder.resolve("once");
        Path twice = folder.resolve("twice");
        List<Double> slopes;
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of(family))) {
            slopes = slopes(dense);
            List<RemovedUnits> removed = List.of(SOME, NONE, NONE);
            DemoModel.prune(dense, removed, WINDOWS, Compensation.NONE, once);
        }

        // When
        try (Checkpoint pruned = Checkpoint.open(once)) {
            RemovedUnits next = new RemovedUnits(new int[] {1}, new int[0]);
            DemoModel.prune(pruned, List.of(next, NONE, NONE), WINDOWS, Compensation.NONE, twice);
        }

        // Then
        try (Checkpoint pruned = Checkpoint.open(twice)) {
            List<Double> kept = new ArrayList<>(slopes);
            kept.remove(2);
            kept.remove(0);
            assertThat(slopes(pruned)).isEqualTo(kept);
        }
    }

    private static List<Double> slopes(Checkpoint checkpoint) {
        return ModelLayout.of(checkpoint).layers().get(0).attention().scores().slopes();
    }

    @Test
    void slopesThatDoNotFitTheHeadsAreRefusedNamingThem(@TempDir Path folder) {
        Path pruned = folder.resolve("pruned");
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of("bloom"))) {
            DemoModel.prune(dense, List.of(SOME, NONE, NONE), WINDOWS, Compensation.NONE, pruned);
        }
        Path without = withFirstLayer(pruned, folder.resolve("without"), layer -> layer.remove("alibi_slopes"));
        Path tooMany = withFirstLayer(pruned, folder.resolve("too-many"), layer -> layer.withArray("alibi_slopes")
                .add(0.5));

        for (Path broken : List.of(without, tooMany)) {
            try (Checkpoint checkpoint = Checkpoint.open(broken)) {
                assertFails(ErrorCode.MODEL_CORRUPT, () -> ModelLayout.of(checkpoint))
                        .contains("alibi_slopes", "layer 0");
            }
        }
    }

    private static Path withFirstLayer(Path source, Path target, Consumer<ObjectNode> change) {
        GoldenCheckpoint.rename(
                source,
                UnaryOperator.identity(),
                json -> {
                    change.accept(
                            (ObjectNode) json.withObject("/per_layer_config").get("0"));
                    return json;
                },
                target);
        return target;
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "gemma", "gemma2", "gemma3", "granite", "smollm3", "opt", "bloom"})
    void tiedEmbeddingsStayTied(String family, @TempDir Path folder) throws IOException {
        try (Checkpoint dense = Checkpoint.open(GoldenCheckpoint.of(family))) {
            DemoModel.prune(dense, List.of(SOME, SOME, SOME), WINDOWS, REPAIR, folder);
        }

        try (Checkpoint pruned = Checkpoint.open(folder)) {
            ModelLayout layout = ModelLayout.of(pruned);
            assertThat(layout.output().embedding()).isEqualTo(layout.embedding().tokens());
            assertThat(pruned.tensors().keySet()).noneMatch(name -> name.contains("lm_head"));
            assertThat(Files.readString(folder.resolve("config.json")))
                    .containsPattern("\"tie_word_embeddings\"\\s*:\\s*true");
        }
    }
}
