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
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A dense model and others that were made of it, measured on the same windows: the perplexity of each, and how far the others'
 * next tokens are from the dense model's. The models pass one after the other, and of each no more than a layer is in memory.
 *
 * @param others one per other model
 */
public record Comparison(Perplexity dense, List<Measured> others) {
    public Comparison {
        others = List.copyOf(others);
    }

    /**
     * @param divergence KL(dense ‖ model) of the next token, in nats, the mean over all predictions
     * @param agreement share of the predictions whose most likely token is the dense model's
     */
    public record Measured(Perplexity perplexity, double divergence, double agreement) {}

    /**
     * Measures the models in fp32.
     *
     * @param others with the dense model's final norm and output embedding
     * @param windows [windows, t] token ids of the evaluation text, t at least 2
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} naming the evaluation text when there is no window
     */
    public static Comparison of(
            Checkpoint dense, List<Checkpoint> others, int[][] windows, MemoryBudget budget, Progress progress) {
        List<SummedLoss> sums = sums(dense, others, windows, budget, progress);
        return new Comparison(
                perplexity(sums.get(0), windows.length),
                sums.subList(1, sums.size()).stream()
                        .map(sum -> new Measured(
                                perplexity(sum, windows.length),
                                sum.divergence() / sum.predictions(),
                                (double) sum.agreeing() / sum.predictions()))
                        .toList());
    }

    private static Perplexity perplexity(SummedLoss sum, int windows) {
        return new Perplexity(sum.perplexity(), windows, sum.predictions());
    }

    /**
     * The same as sums, to be added up over parts of a text.
     *
     * @return of the dense model first
     */
    public static List<SummedLoss> sums(
            Checkpoint dense, List<Checkpoint> others, int[][] windows, MemoryBudget budget, Progress progress) {
        if (windows.length == 0) {
            throw new InvalidSetting(Setting.EVALUATION_TEXT, "not one window of text; give a longer one");
        }
        List<Checkpoint> models = new ArrayList<>(List.of(dense));
        models.addAll(others);
        int perPass = together(ModelLayout.of(dense), windows.length, windows[0].length, models.size(), budget);
        Sums sums = new Sums(models, windows, perPass, budget, progress);
        for (int start = 0; start < windows.length; start += perPass) {
            sums.add(Arrays.copyOfRange(windows, start, Math.min(windows.length, start + perPass)));
        }
        return sums.all();
    }

    /**
     * How many windows pass together.
     *
     * @param windows there are
     * @param models the dense one included
     */
    public static int together(ModelLayout layout, int windows, int length, int models, MemoryBudget budget) {
        return Math.max(1, Perplexity.together(layout, windows * models, length, budget) / models);
    }

    /** Bytes held at most while {@code windows} windows of {@code length} tokens pass together. */
    public static long bytes(Footprint footprint, int windows, int length, int models) {
        long hidden = models * footprint.hidden(windows, length);
        long inLayers =
                footprint.streamedExact() + Math.max(footprint.activations(windows, length), footprint.largestLinear());
        return hidden + Math.max(inLayers, hidden + footprint.head(windows, length));
    }

    /** What was found on the windows so far. */
    private static final class Sums {
        private final List<Checkpoint> models;
        private final List<ModelLayout> layouts;
        private final int[][] windows;
        private final MemoryBudget budget;
        private final Progress progress;
        private final long totalLayers;
        private final double[] losses;
        private final double[] divergences;
        private final long[] agreeing;
        private long layers;
        private long tokens;

        Sums(List<Checkpoint> models, int[][] windows, int perPass, MemoryBudget budget, Progress progress) {
            this.models = models;
            this.layouts = models.stream().map(ModelLayout::of).toList();
            this.windows = windows;
            this.budget = budget;
            this.progress = progress;
            int passes = (windows.length + perPass - 1) / perPass;
            this.totalLayers = (long) passes
                    * layouts.stream()
                            .mapToInt(layout -> layout.layers().size())
                            .sum();
            this.losses = new double[models.size()];
            this.divergences = new double[models.size()];
            this.agreeing = new long[models.size()];
        }

        void add(int[][] some) {
            // The others are narrower or alike, so what fits the dense model's activations fits theirs.
            List<int[][]> chunks = LayerStream.chunked(some, layouts.get(0), budget);
            List<LayerStream> streams = new ArrayList<>();
            try {
                for (int i = 0; i < models.size(); i++) {
                    streams.add(LayerStream.embed(models.get(i), layouts.get(i), chunks));
                    through(i, streams.get(i));
                    double[][] found = new LanguageHead(models.get(i), layouts.get(i))
                            .tokenLosses(List.of(streams.get(i)))
                            .get(0);
                    losses[i] +=
                            Arrays.stream(found).flatMapToDouble(Arrays::stream).sum();
                }
                List<LanguageHead.Distance> distances = new LanguageHead(models.get(0), layouts.get(0))
                        .distances(streams.get(0), streams.subList(1, streams.size()));
                for (int i = 0; i < distances.size(); i++) {
                    divergences[i + 1] += distances.get(i).divergence();
                    agreeing[i + 1] += distances.get(i).agreeing();
                }
            } finally {
                streams.forEach(LayerStream::close);
            }
        }

        private void through(int model, LayerStream stream) {
            WeightStream.forEach(
                    models.get(model), layouts.get(model).layers(), Computation.exact(budget), (layer, weights) -> {
                        stream.through(new DecoderLayer(layer, weights));
                        layers++;
                        tokens += stream.tokens();
                        progress.advanced("layers", layers, totalLayers, tokens);
                    });
        }

        List<SummedLoss> all() {
            long predictions = (long) windows.length * (windows[0].length - 1);
            List<SummedLoss> all = new ArrayList<>();
            for (int i = 0; i < models.size(); i++) {
                all.add(new SummedLoss(losses[i], predictions, divergences[i], agreeing[i]));
            }
            return all;
        }
    }
}
