package io.espalier.model.evaluation;

import io.espalier.base.Progress;
import io.espalier.model.InvalidSetting;
import io.espalier.model.Setting;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Perplexity over non-overlapping windows, {@code exp(mean NLL)} over t − 1 predictions a window.
 *
 * @param predictions tokens that were predicted
 */
public record Perplexity(double value, int windows, long predictions) {
    /** Of the budget, for hidden states; more windows than fit take another pass over the weights. */
    private static final int HIDDEN_SHARE = 8;

    /** How a layer whose weights are in memory computes. */
    @FunctionalInterface
    public interface LayerView {
        DecoderLayer of(LayerLayout layout, LayerWeights weights);
    }

    /** @param windows [n][t] token ids of the evaluation text */
    public static Perplexity of(Checkpoint checkpoint, int[][] windows, Progress progress) {
        return of(checkpoint, windows, Computation.EXACT, progress);
    }

    /** The same, computed otherwise than in fp32 within the usual budget. */
    public static Perplexity of(Checkpoint checkpoint, int[][] windows, Computation computation, Progress progress) {
        return of(
                checkpoint,
                windows,
                computation,
                (layers, use) -> WeightStream.forEach(
                        checkpoint,
                        layers,
                        computation,
                        (layer, weights) -> use.accept(new DecoderLayer(layer, weights))),
                progress);
    }

    /**
     * Of a model that computes otherwise than its checkpoint says.
     *
     * @param view may change the weights it is given
     * @param windows [n][t] token ids of the evaluation text
     */
    public static Perplexity of(
            Checkpoint checkpoint, LayerView view, int[][] windows, MemoryBudget budget, Progress progress) {
        return of(
                checkpoint,
                windows,
                Computation.exact(budget),
                (layers, use) -> WeightStream.forEachCopied(
                        checkpoint, layers, budget, (layer, weights) -> use.accept(view.of(layer, weights))),
                progress);
    }

    /** Shows layers ready to compute, one after the other. */
    private interface Decoders extends BiConsumer<List<LayerLayout>, Consumer<DecoderLayer>> {}

    private static Perplexity of(
            Checkpoint checkpoint, int[][] windows, Computation computation, Decoders decoders, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        if (windows.length == 0) {
            throw new InvalidSetting(Setting.EVALUATION_TEXT, "not one window of text; give a longer one");
        }
        int length = windows[0].length;
        int perPass = together(layout, windows.length, length, computation.budget());
        Pass pass =
                new Pass(checkpoint, layout, computation, decoders, progress, (windows.length + perPass - 1) / perPass);
        double total = 0;
        for (int start = 0; start < windows.length; start += perPass) {
            total += pass.summedLoss(Arrays.copyOfRange(windows, start, Math.min(windows.length, start + perPass)));
        }
        long predictions = (long) windows.length * (length - 1);
        return new Perplexity(Math.exp(total / predictions), windows.length, predictions);
    }

    /** Of some windows of the same length, how many pass a model together. */
    public static int together(ModelLayout layout, int windows, int length, MemoryBudget budget) {
        long windowBytes = Math.max(1, (long) length * layout.hiddenSize() * Float.BYTES);
        return (int) Math.max(1, Math.min(windows, budget.bytes() / HIDDEN_SHARE / windowBytes));
    }

    /** Bytes held at most while {@code windows} windows of {@code length} tokens pass together, see {@link #together}. */
    public static long bytes(Footprint footprint, int windows, int length) {
        long hidden = footprint.hidden(windows, length);
        long inLayers =
                footprint.streamedExact() + Math.max(footprint.activations(windows, length), footprint.largestLinear());
        return hidden + Math.max(inLayers, hidden + footprint.head(windows, length));
    }

    private static final class Pass {
        private final Checkpoint checkpoint;
        private final ModelLayout layout;
        private final Computation computation;
        private final Decoders decoders;
        private final Progress progress;
        private final long totalLayers;
        private long layers;
        private long tokens;

        Pass(
                Checkpoint checkpoint,
                ModelLayout layout,
                Computation computation,
                Decoders decoders,
                Progress progress,
                int passes) {
            this.checkpoint = checkpoint;
            this.layout = layout;
            this.computation = computation;
            this.decoders = decoders;
            this.progress = progress;
            this.totalLayers = (long) passes * layout.layers().size();
        }

        double summedLoss(int[][] windows) {
            try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows, computation.budget())) {
                decoders.accept(layout.layers(), layer -> {
                    stream.through(layer);
                    layers++;
                    tokens += stream.tokens();
                    progress.advanced("layers", layers, totalLayers, tokens);
                });
                return Arrays.stream(new LanguageHead(checkpoint, layout, computation.type())
                                .tokenLosses(List.of(stream))
                                .get(0))
                        .flatMapToDouble(Arrays::stream)
                        .sum();
            }
        }
    }
}
