package io.espalier.benchmarks.measure;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The forward pass with the weights of all layers in memory. The output embedding is read in blocks as in the streamed
 * forward pass, so that the two differ only in the layers.
 */
final class ResidentForward implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final List<LayerWeights> layers = new ArrayList<>();

    private final Computation computation;

    private ResidentForward(Checkpoint checkpoint, Computation computation) {
        this.checkpoint = checkpoint;
        this.computation = computation;
        this.layout = ModelLayout.of(checkpoint);
    }

    static ResidentForward load(ForwardPass pass) {
        ResidentForward forward = new ResidentForward(pass.checkpoint(), pass.computation());
        for (LayerLayout layer : forward.layout.layers()) {
            forward.layers.add(LayerWeights.read(
                    pass.checkpoint(), layer, pass.computation().type()));
        }
        return forward;
    }

    /** Whether all layers fit into the available memory, estimated from the first layer. */
    static boolean fits(ForwardPass pass) {
        Checkpoint checkpoint = pass.checkpoint();
        List<LayerLayout> layers = ModelLayout.of(checkpoint).layers();
        long before = ProcessMemory.resident();
        try (LayerWeights first =
                LayerWeights.read(checkpoint, layers.get(0), pass.computation().type())) {
            long oneLayer = ProcessMemory.resident() - before;
            return first.get(layers.get(0).parameters().get(0)).elements() > 0
                    && oneLayer * layers.size() < ProcessMemory.available() * 0.9;
        }
    }

    void run(int[][] windows) {
        try (LayerStream stream = LayerStream.embed(checkpoint, layout, windows, computation.budget())) {
            for (LayerLayout layer : layout.layers()) {
                stream.through(new DecoderLayer(layer, layers.get(layer.index())));
            }
            new LanguageHead(checkpoint, layout, computation.type()).losses(stream);
        }
    }

    @Override
    public void close() {
        layers.forEach(LayerWeights::close);
    }
}
