package io.espalier.model.recovery;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.DiskSpace;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Takes the recovery text once through the dense model and keeps the hidden states before and after every layer, from which
 * a pruned model learns.
 *
 * @param windows [n][t] token ids
 */
public record TeacherPass(Checkpoint dense, int[][] windows, MemoryBudget budget) {
    /** The most bytes that are held at once over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.streamedExact() + footprint.hidden(windows, length) + footprint.activations(windows, length);
    }

    /** The bytes of the files that the pass leaves. */
    public static long diskBytes(ModelLayout layout, int windows, int length) {
        return (layout.layers().size() + 1L) * windows * length * layout.hiddenSize() * Float.BYTES;
    }

    /**
     * Runs to the end. It continues where an earlier run with the same settings stopped.
     *
     * @param folder that receives the hidden states; no other pass uses it
     * @throws io.espalier.base.EspalierException {@code DISK_FULL} before anything is computed when they will not fit
     */
    public void run(Path folder, Progress progress) {
        ModelLayout layout = ModelLayout.of(dense);
        HiddenFiles hidden = files(folder, layout.hiddenSize(), windows);
        List<int[][]> chunks = LayerStream.chunked(windows, layout, budget);
        int last = layout.layers().size();
        int first = hidden.highest(0, last).orElse(0);
        requireSpace(folder, diskBytes(layout, windows.length, windows[0].length) / (last + 1) * (last - first));
        try (LayerStream stream = hidden.has(0)
                ? LayerStream.resumed(chunks, (chunk, scope) -> hidden.load(first, ofChunk(chunks, chunk), scope))
                : LayerStream.embed(dense, layout, chunks)) {
            if (first == 0) {
                hidden.save(0, stream.chunks());
            }
            List<LayerLayout> layers = layout.layers().subList(first, last);
            WeightStream.forEach(dense, layers, Computation.exact(budget), (layer, weights) -> {
                stream.through(new DecoderLayer(layer, weights));
                hidden.save(layer.index() + 1, stream.chunks());
                progress.advanced("layers", layer.index() + 1L, last, (layer.index() + 1L - first) * stream.tokens());
            });
        }
    }

    private static void requireSpace(Path folder, long bytes) {
        try {
            Files.createDirectories(folder);
            DiskSpace.require(folder, bytes);
        } catch (IOException e) {
            throw DiskSpace.failure(folder, e);
        }
    }

    /** The files in a folder that such a pass filled. */
    static HiddenFiles files(Path folder, int width, int[][] windows) {
        return new HiddenFiles(folder, "dense", windows.length, windows[0].length, width);
    }

    /** The windows of a chunk, by their places among all windows. */
    static int[] ofChunk(List<int[][]> chunks, int chunk) {
        int before = chunks.subList(0, chunk).stream()
                .mapToInt(windows -> windows.length)
                .sum();
        return IntStream.range(before, before + chunks.get(chunk).length).toArray();
    }
}
