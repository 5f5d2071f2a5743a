package io.espalier.model.zeroshot;

/**
 * One answer to a question: the model says how likely the continuation is behind the context.
 *
 * @param characters Unicode code points of the answer, by which its log-likelihood is divided for the normalized accuracy
 */
public record Choice(String context, String continuation, int characters) {
    /** An answer that is written behind a context and a space. */
    static Choice behind(String context, String answer) {
        return new Choice(context, " " + answer, answer.codePointCount(0, answer.length()));
    }
}
