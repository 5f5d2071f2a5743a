package io.espalier.model;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.checkpoint.CheckpointWriter;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.LayerRepair;
import io.espalier.model.pruning.PruningPass;
import io.espalier.model.pruning.RemovedUnits;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.TextWindows;
import io.espalier.model.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;

/** The trained model that ships with Espalier, and its texts. */
public final class DemoModel {
    private static final Path DEMO = Path.of("..", "deploy", "demo");

    private DemoModel() {}

    public static Checkpoint open() {
        return open("llama");
    }

    /** @param family {@code llama}, {@code opt} or {@code bloom} */
    public static Checkpoint open(String family) {
        return Checkpoint.open(DEMO.resolve(family));
    }

    public static int[][] calibration(Checkpoint checkpoint, int samples, int length) {
        return windows(checkpoint, "calibration.txt", samples, length);
    }

    public static int[][] evaluation(Checkpoint checkpoint, int samples, int length) {
        return windows(checkpoint, "evaluation.txt", samples, length);
    }

    private static int[][] windows(Checkpoint checkpoint, String text, int samples, int length) {
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            return new TextWindows(
                            text,
                            DEMO.resolve(text),
                            tokenizer,
                            checkpoint.config().vocabSize())
                    .first(samples, length)
                    .tokens();
        }
    }

    /** Prunes a checkpoint into a folder, as a service would. */
    public static List<LayerRepair> prune(
            Checkpoint dense, List<RemovedUnits> removed, int[][] windows, Compensation compensation, Path out) {
        PruningPass pass = new PruningPass(dense, removed, compensation, MemoryBudget.DEFAULT);
        try (CheckpointWriter writer = CheckpointWriter.create(out, pass.tensors())) {
            List<LayerRepair> repairs = pass.run(windows, writer, Progress.SILENT);
            writer.writeConfig(pass.config());
            writer.finish();
            return repairs;
        }
    }
}
