package io.espalier.model.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * The kernels of {@code kernels.py} that end a forward pass: logits, loss and the gradient of the loss. The vocabulary
 * passes in blocks, whose logits an online log-sum-exp adds up. Results belong to one scope. d is the hidden size, n the
 * number of predictions.
 */
public final class VocabularyKernels extends KernelCalls {
    public VocabularyKernels(Scope scope) {
        super(scope);
    }

    /**
     * The initial state of an online log-sum-exp over the vocabulary (Milakov and Gimelshein, 2018) for n predictions.
     *
     * @return fp64 [3, n]: maximum logit, sum of exp(logit − maximum), logit of the target
     */
    public Tensor emptyFold(int n) {
        return tensor("empty_fold", IValue.from((long) n));
    }

    /**
     * Logits of a block of the vocabulary.
     *
     * @param hidden normalised hidden states [.., d]
     * @param weight rows of the output embedding, [block, d]
     * @param cap the logits are capped to (−cap, cap) by tanh; 0 means no cap
     * @return [.., block]
     */
    public Tensor logits(Tensor hidden, Tensor weight, double cap) {
        return tensor("logits", of(hidden), of(weight), IValue.from(cap));
    }

    /**
     * Adds the logits of a block of the vocabulary to an online log-sum-exp.
     *
     * @param fold fp64 [3, n], see {@link #emptyFold}
     * @param hidden normalised hidden states [n, d]
     * @param weight rows of the output embedding, [block, d]
     * @param cap as in {@link #logits}
     * @param targets token ids, int64 [n]
     * @param start token id of the block's first row
     * @return the new state, fp64 [3, n]
     */
    public Tensor foldVocabulary(Tensor fold, Tensor hidden, Tensor weight, double cap, Tensor targets, int start) {
        return tensor(
                "fold_vocabulary", of(fold), of(hidden), of(weight), IValue.from(cap), of(targets), IValue.from((long)
                        start));
    }

    /**
     * The token id with the highest logit at the last position.
     *
     * @param hidden normalised hidden states [1, t, d]
     * @param head output embedding [vocabulary, d]
     */
    public int mostLikely(Tensor hidden, Tensor head) {
        try (IValue result = call("most_likely", of(hidden), of(head))) {
            return Math.toIntExact(result.toLong());
        }
    }

    /**
     * The logits of the token behind the last position.
     *
     * @param hidden normalised hidden states [1, t, d]
     * @param head output embedding [vocabulary, d]
     * @param cap as in {@link #logits}
     * @return [vocabulary]
     */
    public Tensor lastLogits(Tensor hidden, Tensor head, double cap) {
        return tensor("last_logits", of(hidden), of(head), IValue.from(cap));
    }

    /**
     * −log p(target) of each prediction.
     *
     * @param fold fp64 [3, n] over the whole vocabulary
     * @return [n], in nats
     */
    public double[] negativeLogLikelihood(Tensor fold) {
        return doubles("negative_log_likelihood", of(fold));
    }

    /**
     * The gradient of the mean loss with respect to the uncapped logits of a block of the vocabulary:
     * {@code weight · (softmax − onehot)}, times the derivative of the cap.
     *
     * @param logits capped logits of the block, [n, block]
     * @param cap as in {@link #logits}
     * @param fold fp64 [3, n] over the whole vocabulary
     * @param targets token ids, int64 [n]
     * @param start token id of the block's first row
     * @param weight weight of one prediction in the mean
     * @return [n, block]
     */
    public Tensor vocabularyGradient(Tensor logits, double cap, Tensor fold, Tensor targets, int start, double weight) {
        return tensor(
                "vocabulary_gradient",
                of(logits),
                IValue.from(cap),
                of(fold),
                of(targets),
                IValue.from((long) start),
                IValue.from(weight));
    }
}
