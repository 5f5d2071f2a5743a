package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Kernels;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A whole model in memory, to generate text with: only for measuring how fast it is. */
public final class ResidentModel implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final Scope scope = Scope.open();
    private final List<LayerWeights> layers = new ArrayList<>();
    private final LayerWeights norm;
    private final Tensor head;

    private ResidentModel(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.norm = LayerWeights.use(checkpoint, layout.finalNorm().parameters(), ComputeType.FP32);
        this.head = StoredWeights.read(checkpoint, layout.head().name(), scope);
    }

    /** @param checkpoint must stay open as long as the model */
    public static ResidentModel load(Checkpoint checkpoint) {
        ResidentModel model = new ResidentModel(checkpoint);
        try {
            for (LayerLayout layer : model.layout.layers()) {
                model.layers.add(LayerWeights.read(checkpoint, layer));
            }
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Starts a text. */
    public Generation begin() {
        return new Generation();
    }

    @Override
    public void close() {
        layers.forEach(LayerWeights::close);
        norm.close();
        scope.close();
    }

    /** A text that grows; keys and values of what was read are kept. */
    public final class Generation implements AutoCloseable {
        private final Scope cacheScope = Scope.open();
        private final List<KvCache> caches = new ArrayList<>();
        private int seen;

        private Generation() {
            layers.forEach(layer -> caches.add(new KvCache(cacheScope)));
        }

        /**
         * Reads more of the text: a whole prompt first, then one token after the other.
         *
         * @return the most likely next token
         */
        public int read(int... tokens) {
            if (seen > 0 && tokens.length > 1) {
                throw new IllegalArgumentException("behind a prompt tokens are read one by one");
            }
            try (Scope pass = Scope.open()) {
                Kernels kernels = new Kernels(pass);
                Tensor x = layout.embedding().embed(checkpoint, new int[][] {tokens}, seen, pass);
                Rotary.Table angles = new Rotary.Table(seen, tokens.length, pass);
                for (LayerLayout layer : layout.layers()) {
                    DecoderLayer decoder = new DecoderLayer(layer, layers.get(layer.index()));
                    Tensor attended = decoder.attend(x, angles.of(layer), caches.get(layer.index()), pass);
                    x = decoder.feedForward(attended, pass);
                }
                seen += tokens.length;
                return kernels.mostLikely(layout.finalNorm().apply(x, norm::get, pass), head);
            }
        }

        @Override
        public void close() {
            cacheScope.close();
        }
    }
}
