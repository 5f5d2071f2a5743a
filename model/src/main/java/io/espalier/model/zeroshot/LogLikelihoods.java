package io.espalier.model.zeroshot;

import io.espalier.base.Cancellation;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.Perplexity;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import io.espalier.model.zeroshot.Buckets.Bucket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How likely a model finds the choices of questions. All questions pass the model together, one layer in memory at a time.
 *
 * @param budget of the memory of a pass; more questions than it holds take another pass over the weights
 */
public record LogLikelihoods(Checkpoint checkpoint, MemoryBudget budget) {
    /** What the harness takes for the length of a model that names none. */
    private static final int USUAL_LENGTH = 2048;

    /**
     * Measures the choices in fp32.
     *
     * @return per question and choice the sum of the continuation's log-probabilities, in nats
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} when a choice cannot be judged
     */
    public double[][] of(List<Question> questions, Progress progress) {
        List<ChoiceTokens> tokens = withTokens(checkpoint, questions, Stream::toList);
        double[] sums = sums(tokens, progress);
        double[][] perQuestion = new double[questions.size()][];
        int next = 0;
        for (int i = 0; i < perQuestion.length; i++) {
            perQuestion[i] = new double[questions.get(i).choices().size()];
            for (int choice = 0; choice < perQuestion[i].length; choice++) {
                perQuestion[i][choice] = sums[next++];
            }
        }
        return perQuestion;
    }

    /**
     * The tokens of the longest of all choices.
     *
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} when a choice cannot be judged
     */
    public static int longest(Checkpoint checkpoint, List<Question> questions) {
        return withTokens(checkpoint, questions, tokens -> tokens.mapToInt(choice -> choice.ids().length)
                .max()
                .orElseThrow());
    }

    /** The most bytes that are held at once for choices of at most {@code length} tokens. */
    public static long bytes(Footprint footprint, int length) {
        int windows = Math.toIntExact(Math.max(
                1, tokensTogether(footprint.layout(), footprint.computation().budget()) / length));
        return Perplexity.bytes(footprint, windows, length);
    }

    /** Hands over the tokens of all choices, one after the other. */
    private static <T> T withTokens(
            Checkpoint checkpoint, List<Question> questions, Function<Stream<ChoiceTokens>, T> use) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        int positions = checkpoint.config().maxPositions();
        int read = positions == Integer.MAX_VALUE ? USUAL_LENGTH : positions;
        // The last token is only predicted. Where positions are learned, it takes one all the same.
        int most = Math.min(read + 1, layout.embedding().maxPositions());
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            int[] beginning = tokenizer.beginning();
            return use.apply(questions.stream()
                    .flatMap(question -> question.choices().stream())
                    .peek(choice -> Cancellation.check())
                    .map(choice -> ChoiceTokens.of(choice, tokenizer, beginning, layout.vocabulary(), most)));
        }
    }

    private double[] sums(List<ChoiceTokens> choices, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<List<Bucket>> passes = Buckets.passes(Buckets.of(choices), tokensTogether(layout, budget));
        double[] sums = new double[choices.size()];
        long done = 0;
        for (int pass = 0; pass < passes.size(); pass++) {
            done = pass(choices, passes.get(pass), layout, sums, new Passed(progress, pass, passes.size(), done));
        }
        return sums;
    }

    /** Tokens whose hidden states pass the model together. */
    private static long tokensTogether(ModelLayout layout, MemoryBudget budget) {
        return Perplexity.together(layout, Integer.MAX_VALUE, 1, budget);
    }

    /** @param tokens through a layer, in the passes before */
    private record Passed(Progress progress, int passes, int all, long tokens) {}

    /** @return tokens through a layer, this pass included */
    private long pass(
            List<ChoiceTokens> choices, List<Bucket> buckets, ModelLayout layout, double[] sums, Passed before) {
        List<LayerStream> streams = new ArrayList<>();
        int layers = layout.layers().size();
        long tokens = buckets.stream().mapToLong(Bucket::tokens).sum();
        try {
            for (Bucket bucket : buckets) {
                streams.add(LayerStream.embed(checkpoint, layout, bucket.windows(choices), budget));
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
                    sums[members.get(i)] = sum(losses.get(bucket)[i], choices.get(members.get(i)));
                }
            }
        } finally {
            streams.forEach(LayerStream::close);
        }
        return before.tokens + layers * tokens;
    }

    /** @param losses of the predictions of every token of a window but the first, filler included */
    private static double sum(double[] losses, ChoiceTokens choice) {
        int end = choice.ids().length - 1;
        double sum = 0;
        for (int i = end - choice.scored(); i < end; i++) {
            sum -= losses[i];
        }
        return sum;
    }
}
