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
 * weights. Windows go through a layer in chunks whose size depends on the window length alone, so a result does not
 * depend on who computed it or with which other windows beyond the chunk.
 */
public final class LayerStream implements AutoCloseable {
    /** Enough rows to keep a matrix product busy, few enough that what is between two products stays in the cache. */
    private static final int MOST_ROWS = 256;

    private static final int LEAST_ROWS = 128;

    /** Chunks in one where sums are walked through for each: ten samples of 128 tokens, as published, go at once. */
    private static final int SUMMED_TOGETHER = 5;

    /** Of the budget, for a chunk: a quarter for those that go side by side; weights take most of the rest. */
    private static final int ACTIVATIONS_SHARE = 4 * Parallel.WAYS;

    /** The same for a chunk that goes alone, of whose size there may be three, beside sums. */
    private static final int SUMMED_SHARE = 12;

    private final Scope scope = Scope.open();
    private final List<int[][]> windows;
    private final List<Tensor> chunks = new ArrayList<>();
    private final int length;
    private final Rotary.Table angles;

    private LayerStream(List<int[][]> windows) {
        this.windows = windows;
        this.length = windows.get(0)[0].length;
        this.angles = new Rotary.Table(0, length, scope);
    }

    /**
     * Embeds windows of tokens for an exact pass that adds something up.
     *
     * @param windows [n][t] token ids, n ≥ 1, t ≥ 2
     * @throws EspalierException {@code INVALID_ARGUMENT} for windows of different lengths , longer ones
     *     than the model has positions, or ids outside the vocabulary
     */
    public static LayerStream embedToSum(
            Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return embed(checkpoint, layout, chunkedToSum(windows, layout, budget));
    }

    /** The same for a pass that only computes. */
    public static LayerStream embed(Checkpoint checkpoint, ModelLayout layout, int[][] windows, MemoryBudget budget) {
        return embed(checkpoint, layout, chunked(windows, layout, budget));
    }

    /**
     * The same for windows in chunks as they are.
     *
     * @param chunks token ids [b][t] of each, within the vocabulary
     */
    public static LayerStream embed(Checkpoint checkpoint, ModelLayout layout, List<int[][]> chunks) {
        return resumed(chunks, (chunk, scope) -> layout.embedding().embed(checkpoint, chunks.get(chunk), 0, scope));
    }

    /**
     * A stream that goes on where another, of the same chunks, stood.
     *
     * @param chunks token ids [b][t] of each
     * @param hidden gives a chunk's hidden states [b, t, d] in a scope, by its index
     */
    public static LayerStream resumed(List<int[][]> chunks, BiFunction<Integer, Scope, Tensor> hidden) {
        LayerStream stream = new LayerStream(chunks);
        stream.fill(hidden);
        return stream;
    }

    /** All chunks lie in one piece, which goes back to the system as one. */
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

    /** Another stream that goes on from here on its own way. */
    public LayerStream fork() {
        return resumed(windows, (chunk, other) -> new Kernels(other).alias(chunks.get(chunk)));
    }

    /** Sends every chunk through a layer. */
    public void through(DecoderLayer layer) {
        Rotary rotary = angles.of(layer.layout());
        eachChunk(i -> advance(layer, chunks.get(i), rotary));
    }

    /**
     * Sends every chunk through a layer, each before a observer of its own.
     *
     * @param observer makes one; they must not share what they change
     * @return theirs, in the order of the chunks
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

    /** Sees one chunk on its way through a layer. */
    public interface ChunkObserver extends Linears.InputObserver {
        /** Hidden states [b, t, d] on both sides of the layer, after all inputs inside it. */
        void observe(Tensor before, Tensor after);
    }

    /** Sends the chunks through a layer one after the other, before a observer that adds up what it sees of all. */
    public void throughInTurn(DecoderLayer layer, Linears.InputObserver observer) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        chunks.forEach(chunk -> advance(observed, chunk, rotary));
    }

    /** Sends every chunk through a layer's attention half. */
    public void throughAttention(DecoderLayer layer) {
        Rotary rotary = angles.of(layer.layout());
        eachChunk(i -> layer.attendInPlace(chunks.get(i), rotary));
    }

    /** Sends every chunk through a layer's feed-forward half. */
    public void throughFeedForward(DecoderLayer layer) {
        eachChunk(i -> layer.feedForwardInPlace(chunks.get(i)));
    }

    /** Computes a layer for its observer alone, chunk after chunk: the stream stays where it is. */
    public void peek(DecoderLayer layer, Linears.InputObserver observer) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        show(null, (x, target) -> observed.forward(x, rotary, target));
    }

    /**
     * The same with a layer's attention half.
     *
     * @param above another stream of the same windows, whose chunks come first in what the observer sees
     */
    public void peekAttention(DecoderLayer layer, Linears.InputObserver observer, @Nullable LayerStream above) {
        Rotary rotary = angles.of(layer.layout());
        DecoderLayer observed = layer.observed(observer);
        show(above, (x, target) -> observed.attend(x, rotary, null, target));
    }

    /** The same with a layer's feed-forward half. */
    public void peekFeedForward(DecoderLayer layer, Linears.InputObserver observer, @Nullable LayerStream above) {
        show(above, layer.observed(observer)::feedForward);
    }

    /**
     * Chunks by their index: small ones side by side, as larger ones keep all threads busy and their activations count.
     *
     * @param work on one chunk; it must not share what it changes
     */
    void eachChunk(IntConsumer work) {
        if (sideBySide(length, windows.get(0).length)) {
            Parallel.each(windows.size(), work);
        } else {
            IntStream.range(0, windows.size()).forEach(work);
        }
    }

    /** Whether chunks of so many windows are small. */
    static boolean sideBySide(int length, int perChunk) {
        return length * perChunk <= MOST_ROWS;
    }

    /** In place: hidden states that moved at every step would leave holes among the activations. */
    private static void advance(DecoderLayer layer, Tensor chunk, Rotary rotary) {
        layer.attendInPlace(chunk, rotary);
        layer.feedForwardInPlace(chunk);
    }

    private void show(@Nullable LayerStream above, BiFunction<Tensor, Scope, Tensor> half) {
        for (int i = 0; i < chunks.size(); i++) {
            try (Scope scratch = Scope.open()) {
                Tensor own = chunks.get(i);
                Tensor shown =
                        above == null ? own : new Kernels(scratch).concatenate(List.of(above.chunks.get(i), own), 0);
                half.apply(shown, scratch).close();
            }
        }
    }

    /** Hidden states [b, t, d] of each chunk; they belong to the stream. */
    public List<Tensor> chunks() {
        return List.copyOf(chunks);
    }

    /** Token ids [b][t] of each chunk. */
    public List<int[][]> windows() {
        return windows;
    }

    /** Tokens in all windows. */
    public long tokens() {
        return windows.stream().mapToLong(chunk -> (long) chunk.length * length).sum();
    }

    /** t, tokens of one window. */
    public int length() {
        return length;
    }

    @Override
    public void close() {
        scope.close();
    }

    /**
     * The windows that go through a layer together where each chunk adds to sums as large as the weights, which are walked
     * through once for every chunk: more than otherwise.
     *
     * @throws EspalierException as {@link #embed}
     */
    public static List<int[][]> chunkedToSum(int[][] windows, ModelLayout layout, MemoryBudget budget) {
        check(windows, layout.vocabulary(), layout.embedding().maxPositions());
        return chunked(windows, rowsToSum(layout, budget));
    }

    /** The windows that go through a layer together where a pass only computes; the same exceptions. */
    public static List<int[][]> chunked(int[][] windows, ModelLayout layout, MemoryBudget budget) {
        check(windows, layout.vocabulary(), layout.embedding().maxPositions());
        return chunked(windows, rows(layout, budget));
    }

    /** Tokens that go through a layer together. */
    static int rows(ModelLayout layout, MemoryBudget budget) {
        return (int) Math.max(LEAST_ROWS, Math.min(MOST_ROWS, fit(layout, budget, ACTIVATIONS_SHARE)));
    }

    /** Tokens that go through a layer together where they add to sums. */
    static int rowsToSum(ModelLayout layout, MemoryBudget budget) {
        int rows = rows(layout, budget);
        return (int) Math.max(rows, Math.min(SUMMED_TOGETHER * rows, fit(layout, budget, SUMMED_SHARE)));
    }

    /** Tokens whose activations in the widest layer take that part of the budget. */
    private static long fit(ModelLayout layout, MemoryBudget budget, int share) {
        long widest = layout.layers().stream()
                .mapToLong(layer -> layer.activationBytes(layout.hiddenSize()))
                .max()
                .orElseThrow();
        return budget.bytes() / share / widest;
    }

    /** Windows of one length that go through a layer together. */
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
