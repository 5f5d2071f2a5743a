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
 * Perplexity over non-overlapping windows: {@code exp} of the mean negative log-likelihood in nats. A window of t
 * tokens has t − 1 predictions.
 *
 * @param value at least 1
 * @param windows of the evaluation text
 * @param predictions tokens that were predicted, in all windows together
 */
public record Perplexity(double value, int windows, long predictions) {
    /**
     * One part in so many of the memory budget is for hidden states. More windows take another pass over the weights.
     */
    private static final int HIDDEN_SHARE = 8;

    /** Turns the weights of a layer, which are in memory, into the layer that is computed with. */
    @FunctionalInterface
    public interface LayerView {
        DecoderLayer of(LayerLayout layout, LayerWeights weights);
    }

    /**
     * Measures a checkpoint in fp32 within the default memory budget.
     *
     * @param windows [windows, t] token ids of the evaluation text, t at least 2
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the evaluation text when there is no
     *     window
     */
    public static Perplexity of(Checkpoint checkpoint, int[][] windows, Progress progress) {
        return of(checkpoint, windows, Computation.EXACT, progress);
    }

    /** The same with another compute type and memory budget. */
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
     * Measures a checkpoint whose layers are changed in memory, in fp32.
     *
     * @param view makes the layer to compute with; it may change the weights it is given
     * @param windows [windows, t] token ids of the evaluation text, t at least 2
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

    /** Reads the given layers one after the other and hands each to the consumer. */
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

    /**
     * How many windows pass the model together.
     *
     * @param windows there are
     * @param length of each, in tokens
     */
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
