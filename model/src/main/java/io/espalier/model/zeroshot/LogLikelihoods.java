package io.espalier.model.zeroshot;

import io.espalier.base.Cancellation;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.evaluation.SequenceLikelihoods;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.ModelLayout;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How likely a model finds the choices of questions. All questions pass the model together, one layer in memory at a time.
 *
 * @param budget of the memory of a pass; more questions than it holds take another pass over the weights
 */
public record LogLikelihoods(Checkpoint checkpoint, MemoryBudget budget) {
    /**
     * Measures the choices in fp32.
     *
     * @return per question and choice the sum of the continuation's log-probabilities, in nats
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} when a choice cannot be judged
     */
    public double[][] of(List<Question> questions, Progress progress) {
        return perQuestion(questions, new SequenceLikelihoods(checkpoint, budget).of(sequences(questions), progress));
    }

    /**
     * The tokens of all choices of all questions, one after the other.
     *
     * @throws io.espalier.base.EspalierException {@code INVALID_ARGUMENT} when a choice cannot be judged
     */
    public List<ScoredSequence> sequences(List<Question> questions) {
        return withTokens(checkpoint, questions, Stream::toList);
    }

    /** What was measured of these sequences, per question and choice. */
    public static double[][] perQuestion(List<Question> questions, double[] sums) {
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
        return SequenceLikelihoods.bytes(footprint, length);
    }

    /** Hands over the tokens of all choices, one after the other. */
    private static <T> T withTokens(
            Checkpoint checkpoint, List<Question> questions, Function<Stream<ScoredSequence>, T> use) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        int read = SequenceLikelihoods.longest(checkpoint);
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
}
