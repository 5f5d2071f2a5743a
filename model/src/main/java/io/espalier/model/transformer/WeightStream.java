package io.espalier.model.transformer;

import io.espalier.model.Background;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.MemoryBudget;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Takes decoder layers from a checkpoint one after the other; while one is in use the next is read. */
public final class WeightStream {
    /** Threads outlive a pass, since what the engine and the reading keep for each would otherwise pile up. */
    private static final Executor AHEAD = Executors.newCachedThreadPool(Background.threads("weights-ahead"));

    private final Function<LayerLayout, LayerWeights> read;
    private final boolean ahead;

    private WeightStream(boolean ahead, Function<LayerLayout, LayerWeights> read) {
        this.ahead = ahead;
        this.read = read;
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
     * @throws io.espalier.model.EspalierException {@code MODEL_CORRUPT} naming a tensor with NaN or infinite weights
     */
    public static void forEach(
            Checkpoint checkpoint,
            List<LayerLayout> layers,
            Computation computation,
            BiConsumer<LayerLayout, LayerWeights> use) {
        ComputeType type = computation.type();
        new WeightStream(fitTwice(layers, computation), layer -> LayerWeights.use(checkpoint, layer.parameters(), type))
                .run(layers, use);
    }

    /** The same with fp32 weights that may be changed. */
    public static void forEachCopied(
            Checkpoint checkpoint,
            List<LayerLayout> layers,
            MemoryBudget budget,
            BiConsumer<LayerLayout, LayerWeights> use) {
        new WeightStream(fitTwice(layers, Computation.exact(budget)), layer -> LayerWeights.read(checkpoint, layer))
                .run(layers, use);
    }

    private void run(List<LayerLayout> layers, BiConsumer<LayerLayout, LayerWeights> use) {
        @Nullable CompletableFuture<LayerWeights> coming = null;
        try {
            for (int i = 0; i < layers.size(); i++) {
                LayerLayout layer = layers.get(i);
                try (LayerWeights weights = coming == null ? read.apply(layer) : Background.join(coming)) {
                    coming = ahead && i + 1 < layers.size() ? begin(layers.get(i + 1)) : null;
                    use.accept(layer, weights);
                }
            }
        } catch (RuntimeException | Error e) {
            if (coming != null) {
                coming.thenAccept(LayerWeights::close);
            }
            throw e;
        }
    }

    private CompletableFuture<LayerWeights> begin(LayerLayout layer) {
        return CompletableFuture.supplyAsync(() -> read.apply(layer), AHEAD);
    }
}
