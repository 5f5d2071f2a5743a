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

/** Takes decoder layers from a checkpoint one after the other; while one is in use the next is read. */
public final class WeightStream {
    /** Threads outlive a pass, since what the engine and the reading keep for each would otherwise pile up. */
    private static final Executor AHEAD = Executors.newCachedThreadPool(Background.threads("weights-ahead"));

    private final Reader read;
    private final boolean ahead;

    private WeightStream(boolean ahead, Reader read) {
        this.ahead = ahead;
        this.read = read;
    }

    @FunctionalInterface
    private interface Reader {
        /** @param room for this layer alone */
        LayerWeights read(LayerLayout layer, Arena arena);
    }

    /** Whether two layers leave enough of the budget for what is computed. */
    static boolean fitTwice(List<LayerLayout> layers, Computation computation) {
        long largest = layers.stream()
                .mapToLong(layer -> layer.bytes(computation.type()))
                .max()
                .orElse(0);
        return 4 * largest <= computation.budget().bytes();
    }

    /**
     * Shows each layer with its weights, which are gone once it has been used.
     *
     * @param layers in the order they are wanted
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
                        (layer, arena) -> LayerWeights.use(checkpoint, layer.parameters(), type, arena))
                .run(layers, use);
    }

    /** The same with fp32 weights that may be changed. */
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
                Coming coming = new Coming()) {
            for (int i = 0; i < layers.size(); i++) {
                LayerLayout layer = layers.get(i);
                try (LayerWeights weights = coming.isEmpty() ? readInto(even, layer) : coming.take()) {
                    if (ahead && i + 1 < layers.size()) {
                        Arena arena = i % 2 == 0 ? odd : even;
                        LayerLayout next = layers.get(i + 1);
                        coming.begin(() -> readInto(arena, next));
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
        return read.read(layer, arena);
    }

    /** The layer that is read while another is used. */
    private static final class Coming implements AutoCloseable {
        private @Nullable CompletableFuture<LayerWeights> layer;

        boolean isEmpty() {
            return layer == null;
        }

        void begin(Supplier<LayerWeights> read) {
            layer = CompletableFuture.supplyAsync(read, AHEAD);
        }

        LayerWeights take() {
            CompletableFuture<LayerWeights> taken = Objects.requireNonNull(layer);
            layer = null;
            return Background.join(taken);
        }

        /** Waits for what nobody will use any more: it is being read into memory that goes now. */
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
