package io.espalier.model.transformer;

import io.espalier.model.Background;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Arena;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the weights of decoder layers one after the other. While one layer is used, the next one is prefetched. */
public final class WeightStream {
    /**
     * The threads are reused by later passes, because the engine and the read buffers keep memory for each thread that
     * ever ran.
     */
    private static final Executor PREFETCHING = Executors.newCachedThreadPool(Background.threads("weights-ahead"));

    private final Reader reader;
    private final boolean prefetches;

    private WeightStream(boolean prefetches, Reader reader) {
        this.prefetches = prefetches;
        this.reader = reader;
    }

    @FunctionalInterface
    private interface Reader {
        /** @param arena for the weights of this layer only */
        LayerWeights read(LayerLayout layer, Arena arena);
    }

    /** Whether two layers take at most half of the budget, so that the next layer can be prefetched. */
    static boolean fitTwice(List<LayerLayout> layers, Computation computation) {
        long largest = layers.stream()
                .mapToLong(layer -> layer.bytes(computation.type()))
                .max()
                .orElse(0);
        return 4 * largest <= computation.budget().bytes();
    }

    /**
     * Calls {@code use} with each layer and its weights. After the call their memory is used for another layer.
     *
     * @param layers in the order in which they are used
     * @throws io.espalier.base.EspalierException {@code MODEL_CORRUPT} naming a tensor with NaN or infinite weights
     */
    public static void forEach(
            Checkpoint checkpoint,
            List<LayerLayout> layers,
            Computation computation,
            BiConsumer<LayerLayout, LayerWeights> use) {
        ComputeType type = computation.type();
        new WeightStream(
                        fitTwice(layers, computation),
                        (layer, arena) -> LayerWeights.read(checkpoint, layer.parameters(), type, arena))
                .run(layers, use);
    }

    /** Calls {@code use} with each layer and its fp32 weights, in new memory that {@link LayerWeights#drop} frees. */
    public static void forEachCopied(
            Checkpoint checkpoint,
            List<LayerLayout> layers,
            MemoryBudget budget,
            BiConsumer<LayerLayout, LayerWeights> use) {
        new WeightStream(
                        fitTwice(layers, Computation.exact(budget)),
                        (layer, arena) -> LayerWeights.read(checkpoint, layer))
                .run(layers, use);
    }

    private void run(List<LayerLayout> layers, BiConsumer<LayerLayout, LayerWeights> use) {
        try (Arena even = arena(layers);
                Arena odd = arena(layers);
                Prefetch prefetch = new Prefetch()) {
            for (int i = 0; i < layers.size(); i++) {
                LayerLayout layer = layers.get(i);
                try (LayerWeights weights = prefetch.isEmpty() ? readInto(even, layer) : prefetch.take()) {
                    if (prefetches && i + 1 < layers.size()) {
                        Arena arena = i % 2 == 0 ? odd : even;
                        LayerLayout next = layers.get(i + 1);
                        prefetch.start(() -> readInto(arena, next));
                    }
                    use.accept(layer, weights);
                }
            }
        }
    }

    private static Arena arena(List<LayerLayout> layers) {
        return LayerWeights.arena(layers.stream().map(LayerLayout::parameters));
    }

    private LayerWeights readInto(Arena arena, LayerLayout layer) {
        arena.clear();
        return reader.read(layer, arena);
    }

    /** The layer that is read on another thread while the one before is used. */
    private static final class Prefetch implements AutoCloseable {
        private @Nullable CompletableFuture<LayerWeights> layer;

        boolean isEmpty() {
            return layer == null;
        }

        void start(Supplier<LayerWeights> read) {
            layer = CompletableFuture.supplyAsync(read, PREFETCHING);
        }

        LayerWeights take() {
            CompletableFuture<LayerWeights> taken = Objects.requireNonNull(layer);
            layer = null;
            return Background.join(taken);
        }

        /** Waits until a layer that is still being read is complete, because its arena is freed next. */
        @Override
        public void close() {
            if (layer != null) {
                layer.handle((weights, failure) -> {
                            if (weights != null) {
                                weights.close();
                            }
                            return weights;
                        })
                        .join();
            }
        }
    }
}
