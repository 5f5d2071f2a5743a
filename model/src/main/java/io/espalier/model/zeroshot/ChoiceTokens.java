package io.espalier.model.zeroshot;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.file.Quoted;
import io.espalier.model.text.Blanks;
import io.espalier.model.text.Tokenizer;
import java.util.Arrays;

/** Choices as token ids, of which the continuation's are judged. */
final class ChoiceTokens {
    private ChoiceTokens() {}

    /**
     * Splits the tokens of both where the context's own end. White space at the end of the context belongs to the continuation,
     * as tokenizers put it before a word. Too long a context loses its beginning.
     *
     * @param beginning what the model's sequences begin with
     * @param vocabulary number of token ids of the model
     * @param most ids that are kept
     * @throws EspalierException {@code INVALID_ARGUMENT} when nothing is left to predict, or nothing to predict it from
     */
    static ScoredSequence of(Choice choice, Tokenizer tokenizer, int[] beginning, int vocabulary, int most) {
        int end = Blanks.end(choice.context());
        String context = choice.context().substring(0, end);
        String continuation = choice.context().substring(end) + choice.continuation();
        int[] before = joined(beginning, tokenizer.encode(context));
        int[] both = joined(beginning, tokenizer.encode(context + continuation));
        int[] behind = Arrays.copyOfRange(both, Math.min(before.length, both.length), both.length);
        int[] all = joined(before, behind);
        int[] ids = Arrays.copyOfRange(all, Math.max(0, all.length - most), all.length);
        if (behind.length == 0 || behind.length >= ids.length) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "%s: a model that reads %d tokens cannot judge an answer of %d tokens behind a context of %d"
                            .formatted(Quoted.of(continuation), most, behind.length, before.length));
        }
        return ScoredSequence.of(ids, behind.length, vocabulary);
    }

    private static int[] joined(int[] first, int[] second) {
        int[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }
}
