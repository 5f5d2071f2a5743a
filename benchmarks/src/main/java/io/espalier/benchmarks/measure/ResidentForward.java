package io.espalier.benchmarks.measure;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The same forward with the weights of all layers in memory. The output projection passes in blocks here too: it is the
 * same work in both and leaves the difference to the layers.
 */
final class ResidentForward implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<LayerWeights> layers = new ArrayList<>();

    private ResidentForward(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
    }

    static ResidentForward load(Checkpoint checkpoint) {
        ResidentForward forward = new ResidentForward(checkpoint);
        for (LayerLayout layer : forward.layout.layers()) {
            forward.layers.add(LayerWeights.read(checkpoint, layer));
        }
        return forward;
    }

    /** Whether all layers fit into what the machine has left, judged by the first. */
    static boolean fits(Checkpoint checkpoint) {
        List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();
        long before = ProcessMemory.resident();
        try (LayerWeights first = LayerWeights.read(checkpoint, layers.get(0))) {
            long oneLayer = ProcessMemory.resident() - before;
            return first.get(layers.get(0).parameters().get(0)).elements() > 0
                    && oneLayer * layers.size() < ProcessMemory.available() * 0.9;
        }
    }

    void run(int[][] windows) {
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows)) {
            for (LayerLayout layer : layout.layers()) {
                stream.through(new DecoderLayer(layer, layers.get(layer.index())));
            }
            new LanguageHead(checkpoint, layout).losses(stream);
        }
    }

    @Override
    public void close() {
        layers.forEach(LayerWeights::close);
    }
}
