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
 * Moments of the inputs of the dense model's linear layers over some calibration windows. They also include, for each
 * decoder layer, moments of the cosine between the hidden states before and after it.
 *
 * @param byModule the moments of a linear layer under its module name, and those of the cosine of decoder layer l under
 *     {@code layers.l.cosine}
 */
public record InputStatistics(Map<String, FeatureMoments> byModule) {
    public InputStatistics {
        byModule = Collections.unmodifiableMap(new TreeMap<>(byModule));
    }

    /**
     * The moments of a linear layer's input.
     *
     * @throws EspalierException {@code INTERNAL} when the layer was not in the scope of the collection
     */
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
     * The moments over all tokens of the cosine between the hidden states before and after a layer. The cosine is
     * stored as a single feature.
     *
     * @throws EspalierException {@code INTERNAL} when the layer was not in the scope of the collection
     */
    public FeatureMoments cosine(LayerLayout layer) {
        return found(cosineOf(layer));
    }

    private static String cosineOf(LayerLayout layer) {
        return "layers." + layer.index() + ".cosine";
    }

    /** Computes {@link #collect(Checkpoint, int[][], LayerScope, Computation, Progress)} in fp32. */
    public static InputStatistics collect(Checkpoint checkpoint, int[][] windows, LayerScope scope, Progress progress) {
        return collect(checkpoint, windows, scope, Computation.EXACT, progress);
    }

    /**
     * Collects the statistics in one pass that streams the model's layers. All windows must have the same length.
     *
     * @param windows [n][t] token ids
     * @param scope layers whose statistics are collected; layers after the scope are not computed
     * @throws io.espalier.base.EspalierException when a statistic is not finite, see {@link Computation#requireFinite}
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

    /** The most bytes that {@link #collect} holds at once over {@code windows} windows of {@code length} tokens. */
    public static long bytes(Footprint footprint, int windows, int length) {
        return footprint.streamed() + footprint.hidden(windows, length) + footprint.activations(windows, length);
    }

    /**
     * Collects the moments of the inputs of one decoder layer's linear layers. The stream is not advanced, and the
     * cosine is not measured.
     */
    public static InputStatistics peek(LayerStream stream, DecoderLayer layer) {
        Collector collector = new Collector(layer.layout());
        stream.peek(layer, collector);
        return new InputStatistics(collector.collected);
    }

    /**
     * Observes one decoder layer. Linear layers with the same input, such as q, k and v, are applied one after the
     * other, so its moments are computed once for all of them.
     */
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
     * @param parts the statistics in the order of the plan; the order affects the rounding of the sums
     */
    public static InputStatistics merged(List<InputStatistics> parts) {
        Map<String, FeatureMoments> sum = new TreeMap<>();
        for (InputStatistics part : parts) {
            part.byModule.forEach((module, moments) -> sum.merge(module, moments, FeatureMoments::plus));
        }
        return new InputStatistics(sum);
    }

    /** Writes a safetensors file with F64 arrays of the sums and the squares under each module's name. */
    public byte[] toBytes() {
        return StatisticsFile.write(byModule);
    }

    /**
     * Reads what {@link #toBytes} wrote.
     *
     * @throws EspalierException {@code INTERNAL} when the bytes are not a statistics file
     */
    public static InputStatistics fromBytes(byte[] bytes) {
        return new InputStatistics(StatisticsFile.read(bytes));
    }
}
