package io.espalier.model.transformer;

import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.RecoveryKernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SearchKernels;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.tensor.VocabularyKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One chunk in the dense model and in others.
 *
 * @param dense features [n, e]
 * @param others features [n, e] of each other model
 * @param states of the divergence of each other model, which are replaced as the vocabulary passes
 * @param likeliest states of the most likely tokens of each other model; empty where nobody asks for them
 */
record ComparedChunk(Tensor dense, List<Tensor> others, List<Tensor> states, List<Tensor> likeliest, Scope owner) {
    void fold(Tensor block, int start, double cap) {
        try (Scope scope = Scope.open()) {
            VocabularyKernels vocabulary = new VocabularyKernels(scope);
            Tensor logits = vocabulary.logits(dense, block, cap);
            for (int i = 0; i < others.size(); i++) {
                try (Tensor before = states.get(i);
                        Tensor changed = vocabulary.logits(others.get(i), block, cap)) {
                    states.set(i, new SearchKernels(owner).foldDivergence(before, logits, changed));
                    foldLikeliest(i, logits, changed, start);
                }
            }
        }
    }

    private void foldLikeliest(int other, Tensor logits, Tensor changed, int start) {
        if (!likeliest.isEmpty()) {
            try (Tensor before = likeliest.get(other)) {
                likeliest.set(other, new SearchKernels(owner).foldLikeliest(before, logits, changed, start));
            }
        }
    }

    /** Adds the gradient with respect to the features of the only other model. */
    void addGradient(Tensor sum, Tensor block, double cap, double weight) {
        try (Scope scope = Scope.open()) {
            VocabularyKernels vocabulary = new VocabularyKernels(scope);
            Kernels kernels = new Kernels(scope);
            Tensor upstream = new RecoveryKernels(scope)
                    .divergenceGradient(
                            states.get(0),
                            vocabulary.logits(dense, block, cap),
                            vocabulary.logits(others.get(0), block, cap),
                            cap,
                            weight);
            kernels.addInPlace(sum, kernels.linearGradient(upstream, block));
        }
    }

    double divergence(int other, Scope scope) {
        return Arrays.stream(new SearchKernels(scope).divergence(states.get(other)))
                .sum();
    }

    long agreeing(int other, Scope scope) {
        return likeliest.isEmpty()
                ? 0
                : (long) Arrays.stream(new SearchKernels(scope).sameLikeliest(likeliest.get(other)))
                        .sum();
    }

    /** Before the first block of the vocabulary. */
    static ComparedChunk of(Tensor dense, List<Tensor> others, boolean withLikeliest, Scope owner) {
        SearchKernels kernels = new SearchKernels(owner);
        List<Tensor> states = new ArrayList<>();
        List<Tensor> likeliest = new ArrayList<>();
        for (int i = 0; i < others.size(); i++) {
            states.add(kernels.emptyDivergence(dense.dim(0)));
            if (withLikeliest) {
                likeliest.add(kernels.emptyLikeliest(dense.dim(0)));
            }
        }
        return new ComparedChunk(dense, others, states, likeliest, owner);
    }
}
