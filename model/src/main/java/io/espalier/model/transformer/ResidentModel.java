package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.ComputeType;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.model.tensor.Tensor;
import io.espalier.model.tensor.VocabularyKernels;
import java.util.ArrayList;
import java.util.List;

/** A whole model in memory that generates text. It serves to measure the speed of generation. */
public final class ResidentModel implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final Scope scope = Scope.open();
    private final List<LayerWeights> layers = new ArrayList<>();
    private final LayerWeights last;
    private final Tensor outputEmbedding;

    private ResidentModel(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.last = LayerWeights.read(checkpoint, layout.output().beforeEmbedding(), ComputeType.FP32);
        this.outputEmbedding =
                StoredWeights.read(checkpoint, layout.output().embedding().name(), scope);
    }

    /** @param checkpoint must stay open while the model is used */
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

    /** Starts a new text. */
    public Generation begin() {
        return new Generation();
    }

    @Override
    public void close() {
        layers.forEach(LayerWeights::close);
        last.close();
        scope.close();
    }

    /** A text that grows. The keys and values of its tokens are cached. */
    public final class Generation implements AutoCloseable {
        private final Scope cacheScope = Scope.open();
        private final List<KvCache> caches = new ArrayList<>();
        private int position;

        private Generation() {
            layers.forEach(layer -> caches.add(new KvCache(cacheScope)));
        }

        /**
         * Processes the next tokens of the text: first a whole prompt, then one token per call.
         *
         * @return id of the most likely next token
         * @throws IllegalArgumentException for several tokens after the prompt
         */
        public int read(int... tokens) {
            if (position > 0 && tokens.length > 1) {
                throw new IllegalArgumentException("after the prompt, tokens are read one at a time");
            }
            try (Scope pass = Scope.open()) {
                Tensor x = layout.embedding().embed(checkpoint, new int[][] {tokens}, position, pass);
                Rotary.Table angles = new Rotary.Table(position, tokens.length, pass);
                for (LayerLayout layer : layout.layers()) {
                    DecoderLayer decoder = new DecoderLayer(layer, layers.get(layer.index()));
                    x = decoder.forward(x, angles.of(layer), caches.get(layer.index()), pass);
                }
                position += tokens.length;
                Tensor features = layout.output().features(x, last::get, pass);
                return new VocabularyKernels(pass).mostLikely(features, outputEmbedding);
            }
        }

        @Override
        public void close() {
            cacheScope.close();
        }
    }
}
