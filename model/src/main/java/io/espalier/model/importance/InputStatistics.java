package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.base.Progress;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.Linear;
import io.espalier.model.transformer.ModelLayout;
import io.espalier.model.transformer.WeightStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What entered each linear layer of the dense model over some calibration windows, and how much each layer turned the
 * hidden state.
 *
 * @param byModule moments under the linear layer's module name; those of a layer's cosine under its index
 */
public record InputStatistics(Map<String, FeatureMoments> byModule) {
    public InputStatistics {
        byModule = Collections.unmodifiableMap(new TreeMap<>(byModule));
    }

    /** @throws EspalierException {@code INTERNAL} when the layer was not in the scope they were collected for */
    public FeatureMoments of(Linear linear) {
        return found(linear.module());
    }

    private FeatureMoments found(String name) {
        FeatureMoments moments = byModule.get(name);
        if (moments == null) {
            throw new EspalierException(
                    ErrorCode.INTERNAL, "statistics: hold nothing for " + name + "; collect its layer too");
        }
        return moments;
    }

    /**
     * Moments, as of a single feature, of the cosine between the hidden states that enter and leave the layer.
     *
     * @throws EspalierException {@code INTERNAL} when the layer was not in the scope they were collected for
     */
    public FeatureMoments cosine(LayerLayout layer) {
        return found(cosineOf(layer));
    }

    private static String cosineOf(LayerLayout layer) {
        return "layers." + layer.index() + ".cosine";
    }

    /** As {@link #collect(Checkpoint, int[][], LayerScope, Computation, Progress)} in fp32. */
    public static InputStatistics collect(Checkpoint checkpoint, int[][] windows, LayerScope scope, Progress progress) {
        return collect(checkpoint, windows, scope, Computation.EXACT, progress);
    }

    /**
     * One layer-streamed pass over windows of the same length.
     *
     * @param windows [n][t] token ids
     * @param scope layers to watch; those behind them are not computed
     * @throws io.espalier.base.EspalierException see {@link Computation#requireFinite}
     */
    public static InputStatistics collect(
            Checkpoint checkpoint, int[][] windows, LayerScope scope, Computation computation, Progress progress) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        List<LayerLayout> layers = layout.layers().subList(0, scope.last());
        Map<String, FeatureMoments> collected = new TreeMap<>();
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows, computation.budget())) {
            WeightStream.forEach(checkpoint, layers, computation, (layer, weights) -> {
                DecoderLayer plain = new DecoderLayer(layer, weights);
                if (scope.contains(layer.index())) {
                    stream.through(plain, () -> new Collector(layer)).forEach(chunk -> chunk.addTo(collected));
                } else {
                    stream.through(plain);
                }
                progress.advanced("layers", layer.index() + 1L, scope.last(), (layer.index() + 1) * stream.tokens());
            });
        }
        collected.forEach((module, moments) -> computation.requireFinite(
                "what was measured at " + module,
                Arrays.stream(moments.squares()).sum()));
        return new InputStatistics(collected);
    }

    /** Bytes that {@link #collect} holds at most over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.streamed() + footprint.hidden(windows, length) + footprint.activations(windows, length);
    }

    /** What enters the linear layers of one layer when windows pass it, which stay in front of it. */
    public static InputStatistics peek(LayerStream stream, DecoderLayer layer) {
        Collector collector = new Collector(layer.layout());
        stream.peek(layer, collector);
        return new InputStatistics(collector.collected);
    }

    /** Linears that read the same tensor come one after the other and share its moments. */
    private static final class Collector implements LayerStream.ChunkObserver {
        private final LayerLayout layer;
        private final Map<String, FeatureMoments> collected = new TreeMap<>();
        private @Nullable Tensor last;
        private FeatureMoments lastMoments = new FeatureMoments(0, new double[0], new double[0]);

        Collector(LayerLayout layer) {
            this.layer = layer;
        }

        @Override
        public void observe(Linear linear, Tensor x) {
            if (x != last) {
                lastMoments = FeatureMoments.of(x);
                last = x;
            }
            collected.merge(linear.module(), lastMoments, FeatureMoments::plus);
        }

        @Override
        public void observe(Tensor before, Tensor after) {
            try (Scope scope = Scope.open()) {
                double[] moments = new Kernels(scope).cosineMoments(before, after);
                long tokens = before.elements() / before.dim(-1);
                collected.merge(cosineOf(layer), FeatureMoments.of(moments, 1, tokens), FeatureMoments::plus);
            }
        }

        void addTo(Map<String, FeatureMoments> sum) {
            collected.forEach((module, moments) -> sum.merge(module, moments, FeatureMoments::plus));
        }
    }

    /**
     * Adds up statistics of different windows.
     *
     * @param parts in plan order, which decides the last bits
     */
    public static InputStatistics merged(List<InputStatistics> parts) {
        Map<String, FeatureMoments> sum = new TreeMap<>();
        for (InputStatistics part : parts) {
            part.byModule.forEach((module, moments) -> sum.merge(module, moments, FeatureMoments::plus));
        }
        return new InputStatistics(sum);
    }

    /** As a safetensors file: F64 arrays of sums and squares under each module's name. */
    public byte[] toBytes() {
        return StatisticsFile.write(byModule);
    }

    /** @throws EspalierException {@code INTERNAL} when the bytes are no statistics file */
    public static InputStatistics fromBytes(byte[] bytes) {
        return new InputStatistics(StatisticsFile.read(bytes));
    }
}
