package io.espalier.model.export;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.transformer.DecoderLayer;
import io.espalier.model.transformer.LanguageHead;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerStream;
import io.espalier.model.transformer.LayerWeights;
import io.espalier.model.transformer.ModelLayout;

/** The logits that Espalier's own forward pass gives. */
final class Logits {
    private Logits() {}

    /** @return [windows, tokens, vocabulary], flat */
    static float[] of(Checkpoint checkpoint, int[][] windows) {
        ModelLayout layout = ModelLayout.of(checkpoint);
        try (Scope scope = Scope.open();
                LayerStream stream = LayerStream.embed(checkpoint, layout, windows, MemoryBudget.DEFAULT)) {
            for (LayerLayout layer : layout.layers()) {
                try (LayerWeights weights = LayerWeights.read(checkpoint, layer)) {
                    stream.through(new DecoderLayer(layer, weights));
                }
            }
            return new LanguageHead(checkpoint, layout)
                    .logits(stream, scope)
                    .get(0)
                    .floats();
        }
    }
}
