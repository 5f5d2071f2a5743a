package io.espalier.model.transformer;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Parallel;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The hidden states of some windows on their way through a model, one decoder layer after the other. It holds no
 * weights.
 *
 * <p>Windows pass a layer in chunks. The size of a chunk depends on the window length, the model's shape, the memory
 * budget and on whether the pass adds to large sums ({@link #chunkedToSum}). A job's plan pins all of them, so a result
 * does not depend on which worker computed it.
 */
public final class LayerStream implements AutoCloseable {
    /**
     * The largest number of tokens in a chunk. A matrix product with so many rows is efficient, and the activations
     * between two products still fit in the cache.
     */
    private static final int MAX_ROWS = 256;

    private static final int MIN_ROWS = 128;

    /**
     * How many times as many tokens a chunk has in a pass that adds to large sums, because every chunk goes through the
     * sums once. The published calibration set of 10 windows of 128 tokens is then one chunk.
     */
    private static final int SUMMING_FACTOR = 5;

    /**
     * A chunk's activations may take one part in so many of the budget. All chunks that run side by side together get a
     * quarter of it. Weights take most of the rest.
     */
    private static final int ACTIVATIONS_SHARE = 4 * Parallel.WAYS;

    /**
     * The same share in a pass that adds to large sums. Its chunks run one at a time, but least squares with a blended
     * target needs three times the activations of a chunk. Those three get a quarter of the budget.
     */
    private static final int SUMMING_SHARE = 4 * 3;

    private final Scope scope = Scope.open();
    private final List<int[][]> windows;
    private final List<Tensor> chunks = new ArrayList<>();
    /** What entered a layer with halves side by side, while the stream is between the two; empty for other layers. */
    private final List<Tensor> entered = new ArrayList<>();

    private final int length;
    private final Rotary.Table angles;

    private LayerStream(List<int[][]> windows) {
        this.windows = windows;
        this.length = windows.get(0)[0].length;
        this.angles = new Rotary.Table(0, length, scope);
    }

    /**
     * Embeds windows of tokens for a pass that adds to large sums, in chunks of {@link #chunkedToSum}.
     *
     * @param windows token ids [n][t], n ≥ 1, t ≥ 2
     * @throws EspalierException {@code INVALID_ARGUMENT} when the windows have different lengths, are longer than the
     *     model's learned positions, or have token ids outside the vocabulary
     */
    public static LayerStream embedToSum(
            Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return embed(checkpoint, layout, chunkedToSum(windows, layout, budget));
    }

    /**
     * Embeds windows of tokens for a pass without large sums, in chunks of {@link #chunked}.
     *
     * @param windows token ids [n][t], n ≥ 1, t ≥ 2
     * @throws EspalierException as {@link #embedToSum}
     */
    public static LayerStream embed(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return embed(checkpoint, layout, chunked(windows, layout, budget));
    }

    /**
     * Embeds windows of tokens in given chunks.
     *
     * @param chunks token ids [b][t] of each chunk, within the vocabulary
     */
    public static LayerStream embed(Checkpoint checkpoint, ModelLayout layout, List<int[][]> chunks) {
        return resumed(chunks, (chunk, scope) -> layout.embedding().embed(checkpoint, chunks.get(chunk), 0, scope));
    }

    /**
     * A stream that continues from saved hidden states.
     *
     * @param chunks token ids [b][t] of each chunk
     * @param hidden gives the hidden states [b, t, d] of a chunk, by its index, in a scope
     */
    public static LayerStream resumed(List<int[][]> chunks, BiFunction<Integer, Scope, Tensor> hidden) {
        LayerStream stream = new LayerStream(chunks);
        stream.fill(hidden);
        return stream;
    }

    /** Copies the hidden states of all chunks into one block of memory, which is then freed as a whole. */
    private void fill(BiFunction<Integer, Scope, Tensor> hidden) {
        Kernels kernels = new Kernels(scope);
        @Nullable Tensor all = null;
        long start = 0;
        for (int i = 0; i < windows.size(); i++) {
            try (Scope scratch = Scope.open()) {
                Tensor given = hidden.apply(i, scratch);
                int width = given.dim(-1);
                if (all == null) {
                    all = kernels.reserve(tokens() * width, ComputeType.FP32);
                }
                Tensor flat = kernels.slice(all, start, given.elements());
                Tensor chunk = kernels.reshape(flat, windows.get(i).length, length, width);
                kernels.replace(chunk, given);
                chunks.add(chunk);
                start += given.elements();
            }
        }
    }

    /** A new stream with a copy of the current hidden states. It then advances independently of this one. */
    public LayerStream fork() {
        LayerStream fork = resumed(windows, (chunk, other) -> new Kernels(other).alias(chunks.get(chunk)));
        entered.forEach(chunk -> fork.entered.add(new Kernels(fork.scope).copy(chunk)));
        return fork;
    }

    /** Advances all chunks through a layer. */
    public void through(DecoderLayer layer) {
        Rotary rotary = angles.of(layer.layout());
        eachChunk(i -> advance(layer, chunks.get(i), rotary));
    }

    /**
     * Advances all chunks through a layer, each with its own observer. Chunks may run side by side.
     *
     * @param observer creates an observer; two observers must not change the same data
     * @return the observers, in the order of the chunks
     */
    public <W extends ChunkObserver> List<W> through(DecoderLayer layer, Supplier<W> observer) {
        Rotary rotary = angles.of(layer.layout());
        List<W> observers = chunks.stream().map(chunk -> observer.get()).toList();
        eachChunk(i -> {
            try (Scope scratch = Scope.open()) {
                Tensor chunk = chunks.get(i);
                Tensor before = new Kernels(scratch).copy(chunk);
                advance(layer.observed(observers.get(i)), chunk, rotary);
                observers.get(i).observe(before, chunk);
            }
        });
        return observers;
    }

    /** Observes one chunk on its way through a layer. */
    public interface ChunkObserver extends Linears.InputObserver {
        /**
         * Receives the hidden states before and after the layer. It is called after the inputs of all linear layers were
         * observed.
         *
         * @param before [b, t, d]
         * @param after [b, t, d]
         */
        void observe(Tensor before, Tensor after);
    }

    /** Advances the chunks through a layer one after the other, with one observer for all of them. */
    public void throughInTurn(DecoderLayer layer, Linears.InputObserver observer) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        chunks.forEach(chunk -> advance(observed, chunk, rotary));
    }

    /** Advances all chunks through a layer's attention half. */
    public void throughAttention(DecoderLayer layer) {
        Rotary rotary = angles.of(layer.layout());
        if (layer.layout().parallel()) {
            rememberEntered();
        }
        eachChunk(i -> layer.attendInPlace(chunks.get(i), rotary));
    }

    private void rememberEntered() {
        Kernels kernels = new Kernels(scope);
        for (int i = 0; i < chunks.size(); i++) {
            if (entered.size() == i) {
                entered.add(kernels.copy(chunks.get(i)));
            } else {
                kernels.replace(entered.get(i), chunks.get(i));
            }
        }
    }

    /** What entered the layer whose attention half a chunk has passed. */
    private Tensor entered(int chunk) {
        return entered.isEmpty() ? chunks.get(chunk) : entered.get(chunk);
    }

    /** Advances all chunks through a layer's feed-forward half. */
    public void throughFeedForward(DecoderLayer layer) {
        eachChunk(i -> layer.feedForwardInPlace(chunks.get(i), entered(i)));
    }

    /** Computes a layer for an observer, one chunk after the other, without advancing the stream. */
    public void peek(DecoderLayer layer, Linears.InputObserver observer) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        compute(null, (x, before, target) -> observed.forward(x, rotary, target));
    }

    /**
     * Computes a layer's attention half for an observer, without advancing the stream.
     *
     * @param dense the dense model's stream of the same windows. Its chunks are computed with this stream's chunks, and
     *     the observed inputs [2b, t, ..] hold them first. Null for none.
     */
    public void peekAttention(DecoderLayer layer, Linears.InputObserver observer, @Nullable LayerStream dense) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        compute(dense, (x, before, target) -> observed.attend(x, rotary, null, target));
    }

    /**
     * Computes a layer's feed-forward half for an observer, without advancing the stream.
     *
     * @param dense as in {@link #peekAttention}
     */
    public void peekFeedForward(DecoderLayer layer, Linears.InputObserver observer, @Nullable LayerStream dense) {
        compute(dense, layer.observed(observer)::feedForward);
    }

    /**
     * Calls {@code work} with the index of each chunk. Small chunks run side by side. Larger ones run one after the
     * other, because each of them keeps all threads busy and needs more memory.
     *
     * @param work on one chunk; two calls must not change the same data
     */
    void eachChunk(IntConsumer work) {
        if (sideBySide(length, windows.get(0).length)) {
            Parallel.each(windows.size(), work);
        } else {
            IntStream.range(0, windows.size()).forEach(work);
        }
    }

    /**
     * Whether chunks are small enough to run side by side.
     *
     * @param length tokens per window
     * @param perChunk windows per chunk
     */
    static boolean sideBySide(int length, int perChunk) {
        return length * perChunk <= MAX_ROWS;
    }

    /**
     * Advances a chunk in place. New memory for the hidden states at every step would fragment the memory between the
     * activations.
     */
    private static void advance(DecoderLayer layer, Tensor chunk, Rotary rotary) {
        layer.advanceInPlace(chunk, rotary);
    }

    @FunctionalInterface
    private interface Computed {
        /**
         * @param x hidden states [b, t, d]
         * @param entered what entered the layer [b, t, d], in the middle of a layer with halves side by side
         */
        Tensor of(Tensor x, Tensor entered, Scope target);
    }

    private void compute(@Nullable LayerStream dense, Computed layer) {
        for (int i = 0; i < chunks.size(); i++) {
            try (Scope scratch = Scope.open()) {
                Tensor x = joined(dense, i, false, scratch);
                Tensor before = entered.isEmpty() ? x : joined(dense, i, true, scratch);
                layer.of(x, before, scratch).close();
            }
        }
    }

    /** A chunk, or what entered the layer, behind that of the dense model. */
    private Tensor joined(@Nullable LayerStream dense, int chunk, boolean before, Scope scratch) {
        Tensor own = before ? entered(chunk) : chunks.get(chunk);
        return dense == null
                ? own
                : new Kernels(scratch)
                        .concatenate(List.of(before ? dense.entered(chunk) : dense.chunks.get(chunk), own), 0);
    }

    /** The hidden states [b, t, d] of each chunk. They belong to the stream. */
    public List<Tensor> chunks() {
        return List.copyOf(chunks);
    }

    /** The token ids [b][t] of each chunk. */
    public List<int[][]> windows() {
        return windows;
    }

    /** The number of tokens in all windows. */
    public long tokens() {
        return windows.stream().mapToLong(chunk -> (long) chunk.length * length).sum();
    }

    /** The number of tokens t per window. */
    public int length() {
        return length;
    }

    @Override
    public void close() {
        scope.close();
    }

    /**
     * Splits windows into the chunks of a pass in which every chunk adds to sums as large as the weights. These chunks
     * are larger than those of {@link #chunked}, because the memory of the sums is read and written once per chunk.
     *
     * @return token ids [b][t] of each chunk
     * @throws EspalierException as {@link #embed}
     */
    public static List<int[][]> chunkedToSum(int[][] windows, ModelLayout layout, MemoryBudget budget) {
        check(windows, layout.vocabulary(), layout.embedding().maxPositions());
        return chunked(windows, rowsToSum(layout, budget));
    }

    /**
     * Splits windows into the chunks of a pass without large sums.
     *
     * @return token ids [b][t] of each chunk
     * @throws EspalierException as {@link #embed}
     */
    public static List<int[][]> chunked(int[][] windows, ModelLayout layout, MemoryBudget budget) {
        check(windows, layout.vocabulary(), layout.embedding().maxPositions());
        return chunked(windows, rows(layout, budget));
    }

    /** The number of tokens that a chunk of a pass without large sums has at most, unless a single window is longer. */
    static int rows(ModelLayout layout, MemoryBudget budget) {
        return (int) Math.max(MIN_ROWS, Math.min(MAX_ROWS, fit(layout, budget, ACTIVATIONS_SHARE)));
    }

    /** The number of tokens that a chunk of a pass with large sums has at most, unless a single window is longer. */
    static int rowsToSum(ModelLayout layout, MemoryBudget budget) {
        int rows = rows(layout, budget);
        return (int) Math.max(rows, Math.min((long) SUMMING_FACTOR * rows, fit(layout, budget, SUMMING_SHARE)));
    }

    /** The number of tokens whose activations in the widest layer take one part in {@code share} of the budget. */
    private static long fit(ModelLayout layout, MemoryBudget budget, int share) {
        long widest = layout.layers().stream()
                .mapToLong(layer -> layer.activationBytes(layout.hiddenSize()))
                .max()
                .orElseThrow();
        return budget.bytes() / share / widest;
    }

    /** The number of windows of {@code length} tokens in a chunk: as many as {@code rows} tokens hold, at least one. */
    static int perChunk(int rows, int length) {
        return Math.max(1, rows / length);
    }

    private static List<int[][]> chunked(int[][] windows, int rows) {
        int perChunk = perChunk(rows, windows[0].length);
        List<int[][]> chunks = new ArrayList<>();
        for (int start = 0; start < windows.length; start += perChunk) {
            chunks.add(Arrays.copyOfRange(windows, start, Math.min(windows.length, start + perChunk)));
        }
        return chunks;
    }

    private static void check(int[][] windows, int vocabulary, int positions) {
        if (windows.length == 0 || windows[0].length < 2) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "windows: at least one of two or more tokens is needed");
        }
        if (windows[0].length > positions) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "windows: %d tokens are more than the %d positions the model has learned; use shorter sequences"
                            .formatted(windows[0].length, positions));
        }
        for (int[] window : windows) {
            if (window.length != windows[0].length) {
                throw new EspalierException(ErrorCode.INVALID_ARGUMENT, "windows: must all have the same length");
            }
            for (int id : window) {
                if (id < 0 || id >= vocabulary) {
                    throw new EspalierException(
                            ErrorCode.INVALID_ARGUMENT,
                            "windows: token id %d is outside the model's vocabulary of %d; the tokenizer belongs to another model"
                                    .formatted(id, vocabulary));
                }
            }
        }
    }
}
