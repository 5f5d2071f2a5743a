package io.espalier.model.evaluation;

import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Buckets.Bucket;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.ArrayList;
import java.util.List;

/**
 * How likely a model finds the ends of sequences of unequal lengths. All pass the model together, one layer in memory at a time.
 *
 * @param budget of the memory of a pass; more sequences than it holds take another pass over the weights
 */
public record SequenceLikelihoods(Checkpoint checkpoint, MemoryBudget budget) {
    /** What lm-evaluation-harness takes for the length of a model that names none. */
    private static final int USUAL_LENGTH = 2048;

    /**
     * Measures the sequences in fp32.
     *
     * @return per sequence the sum of the log-probabilities of what is judged, in nats
     */
    public double[] of(List<ScoredSequence> sequences, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<List<Bucket>> passes = Buckets.passes(Buckets.of(sequences), tokensTogether(layout, budget));
        double[] sums = new double[sequences.size()];
        long done = 0;
        for (int pass = 0; pass < passes.size(); pass++) {
            done = pass(sequences, passes.get(pass), layout, sums, new Passed(progress, pass, passes.size(), done));
        }
        return sums;
    }

    /** The most bytes that are held at once for sequences of at most {@code length} tokens. */
    public static long bytes(Footprint footprint, int length) {
        int windows = Math.toIntExact(Math.max(
                1, tokensTogether(footprint.layout(), footprint.computation().budget()) / length));
        return Perplexity.bytes(footprint, windows, length);
    }

    /** Tokens that the model reads at once, as lm-evaluation-harness takes them out of its config. */
    public static int longest(Checkpoint checkpoint) {
        int positions = checkpoint.config().maxPositions();
        return positions == Integer.MAX_VALUE ? USUAL_LENGTH : positions;
    }

    /** Tokens whose hidden states pass the model together. */
    private static long tokensTogether(ModelLayout layout, MemoryBudget budget) {
        return Perplexity.together(layout, Integer.MAX_VALUE, 1, budget);
    }

    /** @param tokens through a layer, in the passes before */
    private record Passed(Progress progress, int passes, int all, long tokens) {}

    /** @return tokens through a layer, this pass included */
    private long pass(
            List<ScoredSequence> sequences, List<Bucket> buckets, ModelLayout layout, double[] sums, Passed before) {
        List<LayerStream> streams = new ArrayList<>();
        int layers = layout.layers().size();
        long tokens = buckets.stream().mapToLong(Bucket::tokens).sum();
        try {
            for (Bucket bucket : buckets) {
                streams.add(LayerStream.embed(checkpoint, layout, bucket.windows(sequences), budget));
            }
            WeightStream.forEach(checkpoint, layout.layers(), Computation.exact(budget), (layer, weights) -> {
                DecoderLayer decoder = new DecoderLayer(layer, weights);
                streams.forEach(stream -> stream.through(decoder));
                before.progress.advanced(
                        "layers",
                        (long) before.passes * layers + layer.index() + 1,
                        (long) before.all * layers,
                        before.tokens + (layer.index() + 1L) * tokens);
            });
            List<double[][]> losses = new LanguageHead(checkpoint, layout).tokenLosses(streams);
            for (int bucket = 0; bucket < buckets.size(); bucket++) {
                List<Integer> members = buckets.get(bucket).members();
                for (int i = 0; i < members.size(); i++) {
                    sums[members.get(i)] = sum(losses.get(bucket)[i], sequences.get(members.get(i)));
                }
            }
        } finally {
            streams.forEach(LayerStream::close);
        }
        return before.tokens + layers * tokens;
    }

    /** @param losses of the predictions of every token of a window but the first, filler included */
    private static double sum(double[] losses, ScoredSequence sequence) {
        int end = sequence.ids().length - 1;
        double sum = 0;
        for (int i = end - sequence.scored(); i < end; i++) {
            sum -= losses[i];
        }
        return sum;
    }
}
