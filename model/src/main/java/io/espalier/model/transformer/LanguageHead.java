package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.tensor.VocabularyKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The language model head: final norm, output embedding ({@code lm_head}) and next-token loss. The output embedding is
 * read in blocks of the vocabulary, each block once for all streams. A chunk's logits are computed for one block at a
 * time, so the logits of the whole vocabulary are never held in memory.
 */
public final class LanguageHead {
    /** The number of rows of the output embedding that are in memory at the same time. */
    static final int VOCABULARY_BLOCK = 4096;

    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final ComputeType type;

    /** A head that computes in fp32. */
    public LanguageHead(Checkpoint checkpoint, ModelLayout layout) {
        this(checkpoint, layout, ComputeType.FP32);
    }

    /** @param type type of the product with the output embedding */
    public LanguageHead(Checkpoint checkpoint, ModelLayout layout, ComputeType type) {
        this.checkpoint = checkpoint;
        this.layout = layout;
        this.type = type;
    }

    /**
     * The n predictions of one chunk: the features that the output embedding is multiplied with [n, e], target token ids [n],
     * and the online log-sum-exp [3, n] over the blocks read so far.
     */
    private static final class Predictions {
        final Tensor features;
        final Tensor targets;
        Tensor fold;

        Predictions(Tensor features, Tensor targets, Tensor fold) {
            this.features = features;
            this.targets = targets;
            this.fold = fold;
        }
    }

    /**
     * The negative log-likelihood of each next token.
     *
     * @param streams hidden states after the last layer
     * @return per stream [windows][t − 1], in nats
     */
    public List<double[][]> tokenLosses(List<LayerStream> streams) {
        try (Scope scope = Scope.open();
                LayerWeights last = beforeEmbedding()) {
            List<List<Predictions>> predictions = new ArrayList<>();
            for (LayerStream stream : streams) {
                predictions.add(predictions(stream, last, scope));
            }
            overVocabulary((block, start) -> {
                for (int i = 0; i < predictions.size(); i++) {
                    List<Predictions> chunks = predictions.get(i);
                    streams.get(i).eachChunk(chunk -> fold(chunks.get(chunk), block, start, scope));
                }
            });
            List<double[][]> losses = new ArrayList<>();
            for (int i = 0; i < streams.size(); i++) {
                losses.add(perWindow(predictions.get(i), streams.get(i).length() - 1, scope));
            }
            return losses;
        }
    }

    /**
     * The mean loss of each window.
     *
     * @return [windows], in nats per token
     */
    public double[] losses(LayerStream stream) {
        return Arrays.stream(tokenLosses(List.of(stream)).get(0))
                .mapToDouble(window -> Arrays.stream(window).sum() / window.length)
                .toArray();
    }

    /**
     * The gradient of the mean loss over all predictions with respect to the hidden states after the last layer.
     *
     * @return per chunk [b, t, d], in {@code scope}; zero at the last position, which has no next token
     */
    public List<Tensor> lossGradient(LayerStream stream, Scope scope) {
        try (Recording recording = Recording.open();
                Scope pass = Scope.open();
                LayerWeights last = beforeEmbedding()) {
            Kernels kernels = new Kernels(pass);
            List<Predictions> predictions = predictions(stream, last, pass);
            List<Tensor> gradients = predictions.stream()
                    .map(chunk ->
                            kernels.zeros(chunk.features.dim(0), layout.output().width()))
                    .toList();
            overVocabulary((block, start) -> predictions.forEach(chunk -> fold(chunk, block, start, pass)));
            double weight =
                    1.0 / predictions.stream().mapToInt(p -> p.features.dim(0)).sum();
            overVocabulary((block, start) -> {
                for (int i = 0; i < gradients.size(); i++) {
                    addGradient(gradients.get(i), predictions.get(i), block, start, weight);
                }
            });
            List<Tensor> upstream = new ArrayList<>();
            for (int i = 0; i < gradients.size(); i++) {
                upstream.add(beforeFeatures(stream.chunks().get(i), gradients.get(i), last, scope));
            }
            return upstream;
        }
    }

    private void overVocabulary(BiConsumer<Tensor, Integer> use) {
        long block = Math.min(VOCABULARY_BLOCK, layout.vocabulary());
        try (Arena arena = new Arena(block * layout.output().width())) {
            for (int start = 0; start < layout.vocabulary(); start += VOCABULARY_BLOCK) {
                int rows = Math.min(VOCABULARY_BLOCK, layout.vocabulary() - start);
                arena.clear();
                try (Scope owner = Scope.open()) {
                    String head = layout.output().embedding().name();
                    use.accept(StoredWeights.readRows(checkpoint, head, start, rows, type, arena, owner), start);
                }
            }
        }
    }

    private void addGradient(Tensor sum, Predictions chunk, Tensor block, int start, double weight) {
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            double cap = layout.output().logitCap();
            VocabularyKernels vocabulary = new VocabularyKernels(scope);
            Tensor logits = vocabulary.logits(chunk.features, block, cap);
            Tensor upstream = vocabulary.vocabularyGradient(logits, cap, chunk.fold, chunk.targets, start, weight);
            kernels.addInPlace(sum, kernels.linearGradient(upstream, block));
        }
    }

    /** Leads the gradient [n, e] with respect to a chunk's features back to the chunk [b, t, d]. */
    private Tensor beforeFeatures(Tensor hidden, Tensor upstream, LayerWeights last, Scope target) {
        try (Scope scope = Scope.open()) {
            Kernels kernels = new Kernels(scope);
            Output output = layout.output();
            Tensor all = kernels.variable(hidden);
            Tensor known = kernels.narrow(all, 1, 0, hidden.dim(1) - 1);
            Tensor normed = output.normed(known, last::get, scope);
            Tensor above = output.beforeFeatures(upstream, last::get, scope);
            Tensor shaped = kernels.reshape(above, normed.dim(0), normed.dim(1), normed.dim(2));
            return kernels.gradients(normed, shaped, List.of(all)).get(0).keepIn(target);
        }
    }

    private List<Predictions> predictions(LayerStream stream, LayerWeights last, Scope scope) {
        Kernels kernels = new Kernels(scope);
        int predicted = stream.length() - 1;
        List<Predictions> result = new ArrayList<>();
        for (int i = 0; i < stream.chunks().size(); i++) {
            int[][] windows = stream.windows().get(i);
            int n = windows.length * predicted;
            try (Scope chunk = Scope.open()) {
                Tensor known = new Kernels(chunk).narrow(stream.chunks().get(i), 1, 0, predicted);
                Tensor features = layout.output().features(known, last::get, chunk);
                long[] targets = Arrays.stream(windows)
                        .flatMapToLong(ids -> Arrays.stream(ids, 1, ids.length).asLongStream())
                        .toArray();
                result.add(new Predictions(
                        kernels.reshape(features, n, layout.output().width()),
                        scope.longs(targets, n),
                        new VocabularyKernels(scope).emptyFold(n)));
            }
        }
        return result;
    }

    private void fold(Predictions chunk, Tensor block, int start, Scope scope) {
        Tensor before = chunk.fold;
        chunk.fold = new VocabularyKernels(scope)
                .foldVocabulary(before, chunk.features, block, layout.output().logitCap(), chunk.targets, start);
        before.close();
    }

    private static double[][] perWindow(List<Predictions> stream, int predicted, Scope scope) {
        double[] all = stream.stream()
                .flatMapToDouble(chunk -> Arrays.stream(new VocabularyKernels(scope).negativeLogLikelihood(chunk.fold)))
                .toArray();
        double[][] windows = new double[all.length / predicted][];
        for (int i = 0; i < windows.length; i++) {
            windows[i] = Arrays.copyOfRange(all, i * predicted, (i + 1) * predicted);
        }
        return windows;
    }

    /**
     * The logits of every position. They are held for the whole vocabulary, so this is for small models.
     *
     * @return per chunk [b, t, vocabulary], in {@code scope}
     */
    public List<Tensor> logits(LayerStream stream, Scope scope) {
        VocabularyKernels kernels = new VocabularyKernels(scope);
        try (LayerWeights last = beforeEmbedding()) {
            Output output = layout.output();
            Tensor head = StoredWeights.read(checkpoint, output.embedding().name(), scope);
            return stream.chunks().stream()
                    .map(chunk -> kernels.logits(output.features(chunk, last::get, scope), head, output.logitCap()))
                    .toList();
        }
    }

    private LayerWeights beforeEmbedding() {
        return LayerWeights.read(checkpoint, layout.output().beforeEmbedding(), ComputeType.FP32);
    }
}
