package io.espalier.model.export;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.base.ErrorCode;
import io.espalier.base.Progress;
import io.espalier.model.AttentionUnit;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.Profile;
import io.espalier.model.checkpoint.WrittenConfig;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.RemovedUnits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FolderExportTest {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(2, 24, 7);
    private static final RemovedUnits UNITS = new RemovedUnits(new int[] {1}, new int[] {0, 3, 4, 7, 20});
    private static final RemovedUnits CHANNELS = new RemovedUnits(new int[0], new int[] {2, 3, 9});

    @TempDir
    Path folder;

    static List<Path> families() throws IOException {
        return GoldenCheckpoint.all();
    }

    @ParameterizedTest
    @MethodSource("families")
    void aPaddedModelHasOneShapeAndComputesTheSame(Path family) {
        // Given
        Path pruned = pruned(family, AttentionUnit.KV_GROUP, List.of(RemovedUnits.NONE, UNITS, CHANNELS));
        try (Checkpoint checkpoint = Checkpoint.open(pruned)) {
            // When
            WrittenConfig config = FolderExport.PADDED.export(checkpoint, folder.resolve("padded"), Progress.SILENT);

            // Then
            assertThat(config.profile()).isEqualTo(Profile.UNIFORM);
            assertComputesAs(checkpoint, folder.resolve("padded"));
        }
    }

    @Test
    void queryHeadsArePaddedInsideTheirGroups() {
        RemovedUnits first = new RemovedUnits(new int[] {0, 4}, new int[0]);
        Path pruned = pruned(
                GoldenCheckpoint.of("llama-gqa"),
                AttentionUnit.QUERY_HEAD,
                List.of(RemovedUnits.NONE, first, CHANNELS));
        try (Checkpoint checkpoint = Checkpoint.open(pruned)) {
            FolderExport.PADDED.export(checkpoint, folder.resolve("padded"), Progress.SILENT);

            assertComputesAs(checkpoint, folder.resolve("padded"));
        }
    }

    @Test
    void deciSaysFfnWidthsAndGroupSizesOfEachLayer() {
        RemovedUnits channels = new RemovedUnits(new int[0], new int[] {1, 2});
        Path pruned = pruned(
                GoldenCheckpoint.of("llama-gqa"),
                AttentionUnit.KV_GROUP,
                List.of(RemovedUnits.NONE, channels, RemovedUnits.NONE));
        try (Checkpoint checkpoint = Checkpoint.open(pruned)) {
            WrittenConfig config = FolderExport.DECI.export(checkpoint, folder.resolve("deci"), Progress.SILENT);

            int width = checkpoint.config().layers().get(1).ffnChannels();
            assertThat(config.json()
                            .at("/block_configs/1/ffn/intermediate_size")
                            .intValue())
                    .isEqualTo(width);
            assertThat(config.json()
                            .at("/block_configs/1/attention/n_heads_in_group")
                            .intValue())
                    .isEqualTo(4);
            assertThat(folder.resolve("deci")).isDirectoryContaining("glob:**/configuration_decilm.py");
        }
    }

    @Test
    void deciIsRefusedForLayersThatDifferInQueryHeadsAndLeavesNothing() {
        Path pruned = pruned(
                GoldenCheckpoint.of("llama"),
                AttentionUnit.KV_GROUP,
                List.of(RemovedUnits.NONE, UNITS, RemovedUnits.NONE));
        try (Checkpoint checkpoint = Checkpoint.open(pruned)) {
            assertFails(
                            ErrorCode.MODEL_UNSUPPORTED,
                            () -> FolderExport.DECI.export(checkpoint, folder.resolve("deci"), Progress.SILENT))
                    .contains("layer 1");
        }
        assertThat(folder).isDirectoryNotContaining("glob:**deci*");
    }

    private Path pruned(Path family, AttentionUnit unit, List<RemovedUnits> removed) {
        Path pruned = folder.resolve("pruned");
        try (Checkpoint dense = Checkpoint.open(family, family, unit)) {
            DemoModel.prune(dense, removed, WINDOWS, Compensation.NONE, pruned);
        }
        return pruned;
    }

    private static void assertComputesAs(Checkpoint expected, Path actual) {
        try (Checkpoint padded = Checkpoint.open(actual)) {
            float[] logits = Logits.of(padded, WINDOWS);
            float[] reference = Logits.of(expected, WINDOWS);
            for (int i = 0; i < reference.length; i++) {
                assertThat(logits[i]).as("logit %d", i).isCloseTo(reference[i], Offset.offset(1e-4f));
            }
        }
    }
}
