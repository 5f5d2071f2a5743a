package io.espalier.model.evaluation;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.text.Tokenizer;
import io.espalier.model.text.WikitextPage;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pages as sequences in which every token is judged once, as lm-evaluation-harness 0.4.13 cuts them: the first behind the token
 * that begins a sequence, the others behind the last token of the one before, and the last, which is shorter, behind as many as
 * the model reads.
 *
 * @param prefix the token that the first is judged behind
 * @param beginning what the tokenizer puts before a text, which is judged too
 * @param longest tokens that the model reads at once
 */
public record RollingWindows(Tokenizer tokenizer, int prefix, int[] beginning, int longest, int vocabulary) {
    /**
     * @throws EspalierException {@code MODEL_UNSUPPORTED} when the tokenizer names neither a token that begins a sequence nor one
     *     that ends it, or the model reads no token behind another
     */
    public static RollingWindows of(Checkpoint checkpoint, Tokenizer tokenizer, int[] beginning) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        // The last token is only predicted. Where positions are learned, it takes one all the same.
        int longest = Math.min(
                SequenceLikelihoods.longest(checkpoint), layout.embedding().maxPositions() - 1);
        if (longest < 1) {
            throw new EspalierException(
                    ErrorCode.MODEL_UNSUPPORTED,
                    "config.json: a model of one position judges no token behind another; measure it by no text");
        }
        return new RollingWindows(tokenizer, tokenizer.beforeFirst(), beginning, longest, layout.vocabulary());
    }

    /**
     * The sequences of one page; none where it has no tokens.
     *
     * @throws EspalierException {@code INVALID_ARGUMENT} for a token outside the model's vocabulary
     */
    public List<ScoredSequence> of(WikitextPage page) {
        int[] text = tokenizer.encode(page.text());
        int[] ids = new int[1 + beginning.length + text.length];
        ids[0] = prefix;
        System.arraycopy(beginning, 0, ids, 1, beginning.length);
        System.arraycopy(text, 0, ids, 1 + beginning.length, text.length);
        List<ScoredSequence> sequences = new ArrayList<>();
        for (int judged = 1; judged < ids.length; ) {
            int scored = Math.min(longest, ids.length - judged);
            int end = judged + scored;
            sequences.add(ScoredSequence.of(
                    Arrays.copyOfRange(ids, Math.max(0, end - longest - 1), end), scored, vocabulary));
            judged = end;
        }
        return sequences;
    }
}
