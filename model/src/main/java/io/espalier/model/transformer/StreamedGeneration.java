package io.espalier.model.transformer;

import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.tensor.Computation;
import io.espalier.model.tensor.MemoryBudget;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts that a model continues together. The weights of one layer are in memory, and the keys and values of all tokens: each step
 * reads the weights once.
 */
public final class StreamedGeneration implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ModelLayout layout;
    private final MemoryBudget budget;
    private final Scope cacheScope = Scope.open();
    private final List<List<KvCache>> caches = new ArrayList<>();
    private final int[] positions;

    /**
     * @param checkpoint must stay open while this is used
     * @param texts that are begun
     */
    public StreamedGeneration(Checkpoint checkpoint, int texts, MemoryBudget budget) {
        this.checkpoint = checkpoint;
        this.layout = ModelLayout.of(checkpoint);
        this.budget = budget;
        this.positions = new int[texts];
        for (int text = 0; text < texts; text++) {
            List<KvCache> ofText = new ArrayList<>();
            layout.layers().forEach(layer -> ofText.add(new KvCache(cacheScope)));
            caches.add(ofText);
        }
    }

    /**
     * Processes the next tokens of some texts: of each first its whole prompt, then one token per call.
     *
     * @param texts indexes of those that go on
     * @param tokens of each of them
     * @return [texts][vocabulary], logits of the token behind each of them
     */
    public float[][] read(List<Integer> texts, List<int[]> tokens) {
        try (Scope pass = Scope.open()) {
            List<Tensor> hidden = new ArrayList<>();
            List<Rotary.Table> angles = new ArrayList<>();
            for (int i = 0; i < texts.size(); i++) {
                int position = positions[texts.get(i)];
                hidden.add(layout.embedding().embed(checkpoint, new int[][] {tokens.get(i)}, position, pass));
                angles.add(new Rotary.Table(position, tokens.get(i).length, pass));
                positions[texts.get(i)] += tokens.get(i).length;
            }
            WeightStream.forEach(checkpoint, layout.layers(), Computation.exact(budget), (layer, weights) -> {
                DecoderLayer decoder = new DecoderLayer(layer, weights);
                for (int i = 0; i < texts.size(); i++) {
                    KvCache cache = caches.get(texts.get(i)).get(layer.index());
                    try (Tensor before = hidden.get(i)) {
                        hidden.set(i, decoder.forward(before, angles.get(i).of(layer), cache, pass));
                    }
                }
            });
            return new LanguageHead(checkpoint, layout).lastLogits(hidden);
        }
    }

    /** Bytes of the keys and values of one text of so many tokens. */
    public static long perText(ModelLayout layout, int tokens) {
        return layout.layers().stream()
                .mapToLong(layer ->
                        2L * tokens * layer.shape().kvHeads() * layer.shape().headDim() * Float.BYTES)
                .sum();
    }

    @Override
    public void close() {
        cacheScope.close();
    }
}
