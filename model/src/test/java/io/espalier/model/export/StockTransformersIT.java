package io.espalier.model.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.Progress;
import io.espalier.model.AttentionUnit;
import io.espalier.model.DemoModel;
import io.espalier.model.GoldenCheckpoint;
import io.espalier.model.LayerShape;
import io.espalier.model.Python;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.LayerRemoval;
import io.espalier.model.pruning.RemovedUnits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written for a family loads in stock transformers and gives our logits there. */
class StockTransformersIT {
    private static final int[][] WINDOWS = GoldenCheckpoint.windows(2, 24, 7);
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void prunedModelsOfEveryFamilyLoadAndGiveOurLogits(@TempDir Path folder) throws IOException {
        Optional<String> lacking = Python.lacks("torch, transformers");
        assumeTrue(lacking.isEmpty(), () -> "skipped: " + lacking.orElse(""));
        // Given
        List<String> artifacts = new ArrayList<>();
        for (Path family : GoldenCheckpoint.all()) {
            Path name = folder.resolve(family.getFileName());
            for (Cut cut : Cut.values()) {
                Path artifact = Path.of(name + "-" + cut);
                if (prune(family, cut, artifact)) {
                    expect(artifact);
                    artifacts.add(artifact.toString());
                }
            }
            Path padded = Path.of(name + "-PADDED");
            pad(Path.of(name + "-" + Cut.ONE_LAYER), padded);
            expect(padded);
            artifacts.add(padded.toString());
            Path shorter = Path.of(name + "-WITHOUT_FIRST_LAYER");
            removeFirstLayer(family, shorter);
            expect(shorter);
            artifacts.add(shorter.toString());
        }

        // When
        Python.Run run = Python.example("load_with_transformers.py", artifacts);

        // Then
        assertThat(run.status()).as(run.output()).isZero();
        assertThat(run.output().lines().filter(line -> line.contains("\"difference\"")))
                .hasSameSizeAs(artifacts);
    }

    /** Which units go: one attention unit and some channels, of the middle layer or of all, or channels alone. */
    private enum Cut {
        ONE_LAYER,
        ALL_LAYERS,
        CHANNELS_OF_ALL,
        QUERY_HEAD_OF_EACH_GROUP,
        BIASED;

        List<RemovedUnits> of(List<LayerShape> shapes) {
            return IntStream.range(0, shapes.size())
                    .mapToObj(layer -> this == ONE_LAYER && layer != 1 ? RemovedUnits.NONE : removed(shapes.get(layer)))
                    .toList();
        }

        private RemovedUnits removed(LayerShape shape) {
            int[] attention = this == CHANNELS_OF_ALL
                    ? new int[0]
                    : IntStream.range(0, shape.unitsPerStep())
                            .map(step -> step * shape.attentionSteps())
                            .toArray();
            return new RemovedUnits(attention, new int[] {0, 3, 4, 7, 20, 21, 22, 23});
        }
    }

    private static boolean prune(Path family, Cut cut, Path out) {
        AttentionUnit unit = cut == Cut.QUERY_HEAD_OF_EACH_GROUP ? AttentionUnit.QUERY_HEAD : AttentionUnit.KV_GROUP;
        try (Checkpoint dense = Checkpoint.open(family, family, unit)) {
            List<LayerShape> shapes = dense.config().layers();
            boolean hasUnits = shapes.stream().allMatch(shape -> shape.attentionSteps() > 1);
            if (hasUnits) {
                Compensation compensation = cut == Cut.BIASED ? Compensation.BIAS : Compensation.NONE;
                DemoModel.prune(dense, cut.of(shapes), WINDOWS, compensation, out);
            }
            return hasUnits;
        }
    }

    private static void pad(Path pruned, Path out) {
        try (Checkpoint checkpoint = Checkpoint.open(pruned)) {
            FolderExport.PADDED.export(checkpoint, out, Progress.SILENT);
        }
    }

    private static void removeFirstLayer(Path family, Path out) {
        try (Checkpoint dense = Checkpoint.open(family)) {
            LayerRemoval removal = new LayerRemoval(dense, List.of(0));
            try (CheckpointWriter writer = CheckpointWriter.create(out, removal.tensors())) {
                removal.run(writer, Progress.SILENT);
                writer.writeConfig(removal.config());
                writer.finish();
            }
        }
    }

    /** Writes beside a checkpoint what the example program compares with. */
    private static void expect(Path folder) throws IOException {
        ObjectNode json = JSON.createObjectNode();
        ArrayNode ids = json.putArray("input_ids");
        Arrays.stream(WINDOWS).forEach(window -> {
            ArrayNode tokens = ids.addArray();
            Arrays.stream(window).forEach(tokens::add);
        });
        ArrayNode logits = json.putArray("logits");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            float[] all = Logits.of(checkpoint, WINDOWS);
            int vocabulary = checkpoint.config().vocabSize();
            int at = 0;
            for (int[] window : WINDOWS) {
                ArrayNode ofWindow = logits.addArray();
                for (int token = 0; token < window.length; token++) {
                    ArrayNode row = ofWindow.addArray();
                    for (int word = 0; word < vocabulary; word++) {
                        row.add(all[at++]);
                    }
                }
            }
        }
        JSON.writeValue(folder.resolve("expected_logits.json").toFile(), json);
    }
}
