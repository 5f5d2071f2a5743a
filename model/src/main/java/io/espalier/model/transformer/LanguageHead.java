package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Recording;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.SearchKernels;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.tensor.VocabularyKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The language model head: final norm, output embedding ({@code lm_head}) and next-token loss. The output embedding is
 * read in blocks of the vocabulary, each block once for all streams. A chunk's logits are computed for one block at a
 * time, so the logits of the whole vocabulary are never held in memory.
 */
public final class LanguageHead {
    /** The number of rows of the output embedding that are in memory at the same time. */
    static final int VOCABULARY_BLOCK = 4096;

    private static final double NOT_DRAWN = -1;

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
        Tensor targets;
        Tensor fold;
        private final Scope owner;

        Predictions(Tensor features, Tensor targets, Tensor fold, Scope owner) {
            this.owner = owner;
            this.features = features;
            this.targets = targets;
            this.fold = fold;
        }

        void setTargets(long[] tokens) {
            Tensor before = targets;
            try (Scope scope = Scope.open()) {
                targets = scope.longs(tokens, tokens.length).keepIn(owner);
            }
            before.close();
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
     * A mean over all predictions and its gradient.
     *
     * @param value in nats
     * @param gradient with respect to the hidden states after the last layer, per chunk [b, t, d]; zero at the last position,
     *     which has no next token
     */
    public record Loss(double value, List<Tensor> gradient) {
        public Loss {
            gradient = List.copyOf(gradient);
        }
    }

    /** The mean loss over all predictions. Its gradient is in {@code scope}. */
    public Loss loss(LayerStream stream, Scope scope) {
        return loss(stream, predictions -> {}, scope);
    }

    /**
     * The gradient of the mean loss over all predictions with respect to the hidden states after the last layer.
     *
     * @return per chunk [b, t, d], in {@code scope}; zero at the last position, which has no next token
     */
    public List<Tensor> lossGradient(LayerStream stream, Scope scope) {
        return loss(stream, scope).gradient();
    }

    /**
     * The same for labels that are drawn from the model's own distribution. The mean of the squared gradients is then the
     * Fisher information.
     *
     * @param seed of the draws
     */
    public List<Tensor> sampledLossGradient(LayerStream stream, long seed, Scope scope) {
        return loss(stream, predictions -> drawTargets(predictions, seed), scope)
                .gradient();
    }

    private Loss loss(LayerStream stream, Consumer<List<Predictions>> choose, Scope scope) {
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
            choose.accept(predictions);
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
            double sum = predictions.stream()
                    .flatMapToDouble(
                            chunk -> Arrays.stream(new VocabularyKernels(pass).negativeLogLikelihood(chunk.fold)))
                    .sum();
            return new Loss(weight * sum, upstream);
        }
    }

    /** Replaces the targets of all predictions by tokens drawn from the model's own distribution. */
    private void drawTargets(List<Predictions> predictions, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (Scope scope = Scope.open()) {
            List<Tensor> uniform = new ArrayList<>();
            List<Tensor> drawn = new ArrayList<>();
            for (Predictions chunk : predictions) {
                int n = chunk.features.dim(0);
                double[] state = new double[2 * n];
                Arrays.fill(state, n, 2 * n, NOT_DRAWN);
                uniform.add(scope.doubles(random.doubles(n).toArray()));
                drawn.add(new Kernels(scope).reshape(scope.doubles(state), 2, n));
            }
            overVocabulary((block, start) -> {
                for (int i = 0; i < drawn.size(); i++) {
                    drawn.set(i, draw(drawn.get(i), predictions.get(i), uniform.get(i), block, start, scope));
                }
            });
            for (int i = 0; i < drawn.size(); i++) {
                double[] state = drawn.get(i).doubles();
                long[] tokens = new long[state.length / 2];
                // Where rounding left the sum of all probabilities below the uniform number, it is the last token.
                Arrays.setAll(tokens, token -> {
                    double of = state[tokens.length + token];
                    return of == NOT_DRAWN ? layout.vocabulary() - 1 : (long) of;
                });
                predictions.get(i).setTargets(tokens);
            }
        }
    }

    private Tensor draw(Tensor before, Predictions chunk, Tensor uniform, Tensor block, int start, Scope scope) {
        try (before;
                Scope inner = Scope.open()) {
            Tensor logits = new VocabularyKernels(inner)
                    .logits(chunk.features, block, layout.output().logitCap());
            return new SearchKernels(scope).drawTokens(before, logits, chunk.fold, uniform, start);
        }
    }

    /**
     * How far other models' distributions of the next token are from the dense model's.
     *
     * @param dense hidden states after the last layer
     * @param others the same windows in other models with this head
     * @return per other model KL(dense ‖ other), in nats, the mean over all predictions
     */
    public double[] divergence(LayerStream dense, List<LayerStream> others) {
        long predictions = dense.tokens() - dense.tokens() / dense.length();
        return distances(dense, others, false).stream()
                .mapToDouble(distance -> distance.divergence() / predictions)
                .toArray();
    }

    /**
     * How far a model's next tokens are from the dense model's, summed over predictions.
     *
     * @param divergence KL(dense ‖ model), in nats
     * @param agreeing predictions whose most likely token is the same
     */
    public record Distance(double divergence, long agreeing) {}

    /**
     * The distance of other models from the dense one.
     *
     * @param dense hidden states after the last layer
     * @param others the same windows in the same chunks in other models with this head
     * @return one per other model
     */
    public List<Distance> distances(LayerStream dense, List<LayerStream> others) {
        return distances(dense, others, true);
    }

    private List<Distance> distances(LayerStream dense, List<LayerStream> others, boolean likeliest) {
        try (Scope scope = Scope.open();
                LayerWeights last = beforeEmbedding()) {
            List<ComparedChunk> chunks = IntStream.range(0, dense.chunks().size())
                    .mapToObj(chunk -> compared(dense, others, chunk, last, likeliest, scope))
                    .toList();
            double cap = layout.output().logitCap();
            overVocabulary((block, start) -> chunks.forEach(chunk -> chunk.fold(block, start, cap)));
            return IntStream.range(0, others.size())
                    .mapToObj(other -> new Distance(
                            chunks.stream()
                                    .mapToDouble(chunk -> chunk.divergence(other, scope))
                                    .sum(),
                            chunks.stream()
                                    .mapToLong(chunk -> chunk.agreeing(other, scope))
                                    .sum()))
                    .toList();
        }
    }

    /**
     * KL(dense ‖ other), the mean over all predictions. Its gradient with respect to the other model's hidden states is in
     * {@code scope}.
     *
     * @param dense hidden states of the dense model after its last layer
     * @param other the same windows in the same chunks in a model with this head
     */
    public Loss divergenceLoss(LayerStream dense, LayerStream other, Scope scope) {
        try (Recording recording = Recording.open();
                Scope pass = Scope.open();
                LayerWeights last = beforeEmbedding()) {
            double cap = layout.output().logitCap();
            List<ComparedChunk> chunks = IntStream.range(0, other.chunks().size())
                    .mapToObj(chunk -> compared(dense, List.of(other), chunk, last, false, pass))
                    .toList();
            overVocabulary((block, start) -> chunks.forEach(chunk -> chunk.fold(block, start, cap)));
            double weight = 1.0
                    / chunks.stream().mapToInt(chunk -> chunk.dense().dim(0)).sum();
            List<Tensor> gradients = chunks.stream()
                    .map(chunk -> new Kernels(pass)
                            .zeros(chunk.dense().dim(0), layout.output().width()))
                    .toList();
            overVocabulary((block, start) -> {
                for (int i = 0; i < chunks.size(); i++) {
                    chunks.get(i).addGradient(gradients.get(i), block, cap, weight);
                }
            });
            List<Tensor> upstream = new ArrayList<>();
            double sum = 0;
            for (int i = 0; i < chunks.size(); i++) {
                upstream.add(beforeFeatures(other.chunks().get(i), gradients.get(i), last, scope));
                sum += chunks.get(i).divergence(0, pass);
            }
            return new Loss(weight * sum, upstream);
        }
    }

    private ComparedChunk compared(
            LayerStream dense,
            List<LayerStream> others,
            int chunk,
            LayerWeights last,
            boolean withLikeliest,
            Scope scope) {
        return ComparedChunk.of(
                features(dense, chunk, last, scope),
                others.stream()
                        .map(other -> features(other, chunk, last, scope))
                        .toList(),
                withLikeliest,
                scope);
    }

    private Tensor features(LayerStream stream, int chunk, LayerWeights last, Scope scope) {
        Kernels kernels = new Kernels(scope);
        Tensor known = kernels.narrow(stream.chunks().get(chunk), 1, 0, stream.length() - 1);
        Output output = layout.output();
        return kernels.reshape(
                output.features(known, last::get, scope), (long) known.dim(0) * known.dim(1), output.width());
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
                        new VocabularyKernels(scope).emptyFold(n),
                        scope));
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

    /**
     * What the model thinks of the token behind each text.
     *
     * @param hidden per text the hidden states of its latest tokens after the last layer, [1, t, d]
     * @return [texts][vocabulary], logits
     */
    float[][] lastLogits(List<Tensor> hidden) {
        float[][] all = new float[hidden.size()][layout.vocabulary()];
        double cap = layout.output().logitCap();
        try (Scope scope = Scope.open();
                LayerWeights last = beforeEmbedding()) {
            List<Tensor> features = hidden.stream()
                    .map(text -> layout.output().features(text, last::get, scope))
                    .toList();
            overVocabulary((block, start) -> {
                try (Scope inner = Scope.open()) {
                    VocabularyKernels kernels = new VocabularyKernels(inner);
                    for (int i = 0; i < all.length; i++) {
                        float[] logits =
                                kernels.lastLogits(features.get(i), block, cap).floats();
                        System.arraycopy(logits, 0, all[i], start, logits.length);
                    }
                }
            });
        }
        return all;
    }

    private LayerWeights beforeEmbedding() {
        return LayerWeights.read(checkpoint, layout.output().beforeEmbedding(), ComputeType.FP32);
    }
}
