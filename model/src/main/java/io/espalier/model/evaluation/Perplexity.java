package io.espalier.model.evaluation;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.transformer.DecoderLayer;
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
    /** Hidden states carried along at once; more windows than fit take another pass over the weights. */
    private static final long HIDDEN_BYTES = 256L << 20;

    /** How a layer whose weights are in memory computes. */
    @FunctionalInterface
    public interface LayerView {
        DecoderLayer of(LayerLayout layout, LayerWeights weights);
    }

    /** @param windows [n][t] token ids of the evaluation text */
    public static Perplexity of(Checkpoint checkpoint, int[][] windows, Progress progress) {
        return of(checkpoint, windows, Computation.EXACT, progress);
    }

    /** The same, computed otherwise than in fp32. */
    public static Perplexity of(Checkpoint checkpoint, int[][] windows, Computation computation, Progress progress) {
        return of(
                checkpoint,
                windows,
                computation.type(),
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
    public static Perplexity of(Checkpoint checkpoint, LayerView view, int[][] windows, Progress progress) {
        return of(
                checkpoint,
                windows,
                ComputeType.FP32,
                (layers, use) -> WeightStream.forEachCopied(
                        checkpoint, layers, (layer, weights) -> use.accept(view.of(layer, weights))),
                progress);
    }

    /** Shows layers ready to compute, one after the other. */
    private interface Decoders extends BiConsumer<List<LayerLayout>, Consumer<DecoderLayer>> {}

    private static Perplexity of(
            Checkpoint checkpoint, int[][] windows, ComputeType head, Decoders decoders, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        if (windows.length == 0) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "evaluation.text: not one window of text; give a longer one");
        }
        int length = windows[0].length;
        int perPass = together(layout, windows.length, length);
        Pass pass = new Pass(checkpoint, layout, head, decoders, progress, (windows.length + perPass - 1) / perPass);
        double total = 0;
        for (int start = 0; start < windows.length; start += perPass) {
            total += pass.summedLoss(Arrays.copyOfRange(windows, start, Math.min(windows.length, start + perPass)));
        }
        long predictions = (long) windows.length * (length - 1);
        return new Perplexity(Math.exp(total / predictions), windows.length, predictions);
    }

    /** Of some windows of the same length, how many pass a model together. */
    public static int together(ModelLayout layout, int windows, int length) {
        long windowBytes = Math.max(1, (long) length * layout.hiddenSize() * Float.BYTES);
        return (int) Math.max(1, Math.min(windows, HIDDEN_BYTES / windowBytes));
    }

    private static final class Pass {
        private final Checkpoint checkpoint;
        private final ModelLayout layout;
        private final ComputeType head;
        private final Decoders decoders;
        private final Progress progress;
        private final long totalLayers;
        private long layers;
        private long tokens;

        Pass(
                Checkpoint checkpoint,
                ModelLayout layout,
                ComputeType head,
                Decoders decoders,
                Progress progress,
                int passes) {
            this.checkpoint = checkpoint;
            this.layout = layout;
            this.head = head;
            this.decoders = decoders;
            this.progress = progress;
            this.totalLayers = (long) passes * layout.layers().size();
        }

        double summedLoss(int[][] windows) {
            try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows, Computation.EXACT)) {
                decoders.accept(layout.layers(), layer -> {
                    stream.through(layer);
                    layers++;
                    tokens += stream.tokens();
                    progress.advanced("layers", layers, totalLayers, tokens);
                });
                return Arrays.stream(new LanguageHead(checkpoint, layout, head)
                                .tokenLosses(List.of(stream))
                                .get(0))
                        .flatMapToDouble(Arrays::stream)
                        .sum();
            }
        }
    }
}
