package io.espalier.model.recovery;

import io.espalier.base.Cancellation;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Trains each decoder layer of a pruned model on its own to imitate the dense layer: it minimises ‖f(h) − g(h')‖² / ‖g(h')‖²
 * over the weights and norms that are left, where g is the dense layer and h' its input in the dense model. Behind dense
 * layers h is h', so all layers can be trained at the same time; behind recovered ones h is what those give (after Puzzle's
 * blockwise distillation, Bercovich et al., 2024).
 *
 * @param masked names of the tensors in which pruning made single weights zero; those weights stay zero, bit for bit. A zero of
 *     any other tensor learns: a bias or norm may begin at 0
 * @param windows [n][t] token ids, those of the {@link TeacherPass}
 * @param teacher folder that a {@link TeacherPass} filled
 * @param seed of the order of the windows
 */
public record LocalDistillation(
        Checkpoint pruned,
        Set<String> masked,
        int[][] windows,
        Path teacher,
        LocalTraining training,
        long seed,
        MemoryBudget budget) {
    public LocalDistillation {
        masked = Set.copyOf(masked);
    }

    /**
     * The most bytes that are held at once with batches of windows of {@code length} tokens: a layer with its gradients and the
     * optimizer's two means, a batch, and what is recorded of a chunk.
     *
     * @param windows all windows
     */
    public static long bytes(Footprint pruned, int windows, int length, LocalTraining training) {
        int batch = Math.min(training.batch(), windows);
        return bytesBeside(pruned, batch, length)
                + (largeChunks(pruned, batch, length)
                        ? pruned.recordedToSum(batch, length)
                        : 2 * pruned.recorded(batch, length));
    }

    private static long bytesBeside(Footprint pruned, int batch, int length) {
        return 4 * pruned.layer() + 2 * pruned.hidden(batch, length);
    }

    /** Whether the budget holds what is recorded of chunks that are large because every chunk adds to sums. */
    private static boolean largeChunks(Footprint pruned, int batch, int length) {
        return bytesBeside(pruned, batch, length) + pruned.recordedToSum(batch, length)
                <= pruned.computation().budget().bytes();
    }

    /** How many windows of a batch pass a layer together. */
    private int together(ModelLayout layout) {
        int batch = Math.min(training.batch(), windows.length);
        int[][] some = Arrays.copyOf(windows, batch);
        boolean large = largeChunks(new Footprint(layout, Computation.exact(budget)), batch, windows[0].length);
        return (large ? LayerStream.chunkedToSum(some, layout, budget) : LayerStream.chunked(some, layout, budget))
                .get(0)
                .length;
    }

    /** Name of the file with a layer's trained weights. */
    public static String file(int layer) {
        return "layer-%d.safetensors".formatted(layer);
    }

    /**
     * Trains one layer behind the dense layers before it.
     *
     * @param folder that receives {@link #file}; layers may share it
     * @throws io.espalier.model.InvalidSetting when the training diverges
     */
    public LossCurve layer(int layer, Path folder, Progress progress) {
        ModelLayout layout = ModelLayout.of(pruned);
        return new LayerTraining(
                        this, layout.layers().get(layer), together(layout), dense(layout), dense(layout), folder)
                .run((steps, tokens) -> progress.advanced("steps", steps, training.steps(), tokens));
    }

    /**
     * Trains all layers, each behind the recovered ones before it. It continues where an earlier run with the same settings
     * stopped.
     *
     * @param folder that receives {@link #file} of every layer, and the position
     * @return per layer
     * @throws io.espalier.model.InvalidSetting when the training diverges
     */
    public List<LossCurve> sequence(Path folder, Progress progress) {
        ModelLayout layout = ModelLayout.of(pruned);
        HiddenFiles dense = dense(layout);
        HiddenFiles own = new HiddenFiles(folder, "recovered", windows.length, windows[0].length, layout.hiddenSize());
        long steps = (long) layout.layers().size() * training.steps();
        int together = together(layout);
        List<LossCurve> curves = new ArrayList<>();
        for (LayerLayout layer : layout.layers()) {
            int index = layer.index();
            HiddenFiles before = index == 0 ? dense : own;
            curves.add(new LayerTraining(this, layer, together, before, dense, folder)
                    .run((done, tokens) -> progress.advanced(
                            "steps",
                            (long) index * training.steps() + done,
                            steps,
                            (long) index * training.steps() * batchTokens() + tokens)));
            if (!own.has(index + 1)) {
                passOn(layout, layer, folder, before, own);
            }
        }
        return curves;
    }

    /** Takes all windows through a recovered layer. */
    private void passOn(ModelLayout layout, LayerLayout layer, Path folder, HiddenFiles before, HiddenFiles own) {
        List<int[][]> chunks = LayerStream.chunked(windows, layout, budget);
        try (LayerWeights weights = new LayerFile(layer, folder.resolve(file(layer.index()))).read()) {
            DecoderLayer recovered = new DecoderLayer(layer, weights);
            own.save(layer.index() + 1, chunks.size(), (chunk, scope) -> {
                Cancellation.check();
                return recovered.forward(before.load(layer.index(), TeacherPass.ofChunk(chunks, chunk), scope), scope);
            });
        }
    }

    private long batchTokens() {
        return (long) training.batch() * windows[0].length;
    }

    private HiddenFiles dense(ModelLayout layout) {
        return TeacherPass.files(teacher, layout.hiddenSize(), windows);
    }
}
