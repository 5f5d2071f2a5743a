package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * Ranks the units of all layers in scope together, heads and channels alike, as FLAP does (section 3 and released
 * code). Units are removed in the order of their z scores, lowest first, until their weights make up the share asked
 * for.
 *
 * @param costs weights of a unit in each layer of the model
 * @param standardized whether scores are z scores of their layer and kind already
 */
public record GlobalAllocation(UnitRounding rounding, List<UnitCost> costs, boolean standardized)
        implements Allocation {
    public GlobalAllocation {
        costs = List.copyOf(costs);
    }

    /**
     * A place in the ranking. It stands for the next unit of its layer and kind: how many of them stand before it says
     * which one that is. Units that can only go together have one place, with their mean score.
     *
     * @param cost weights that are removed with it
     */
    private record Candidate(double score, int layer, boolean attention, long cost) {}

    @Override
    public DoubleFunction<List<LayerShape>> shapes(
            List<LayerShape> dense, LayerScope scope, Map<Integer, UnitScores> scores) {
        List<Candidate> ranking = new ArrayList<>();
        long all = 0;
        for (int layer : scope.layers()) {
            LayerShape shape = dense.get(layer);
            LayerShape least = rounding.left(shape, 0, 0);
            UnitScores found = Allocation.of(layer, scores);
            UnitScores comparable = standardized ? found : found.standardized();
            UnitCost cost = costs.get(layer);
            RemovalOrder order = RemovalOrder.of(shape, comparable);
            double[] attention = comparable.attention();
            int perStep = shape.unitsPerStep();
            for (int step = 0; step < shape.attentionSteps() - least.attentionSteps(); step++) {
                double mean = IntStream.range(step * perStep, (step + 1) * perStep)
                        .mapToDouble(i -> attention[order.attention()[i]])
                        .average()
                        .orElseThrow();
                ranking.add(new Candidate(mean, layer, true, cost.attention() * perStep));
            }
            double[] ffn = comparable.ffn();
            for (int i = 0; i < shape.ffnChannels() - least.ffnChannels(); i++) {
                ranking.add(new Candidate(ffn[order.ffn()[i]], layer, false, cost.channel()));
            }
            all += rounding.loses(LayerHalf.ATTENTION) ? cost.attention() * shape.attentionUnits() : 0;
            all += rounding.loses(LayerHalf.FEED_FORWARD) ? cost.channel() * shape.ffnChannels() : 0;
        }
        // The sort is stable: of equal scores, the earlier layer is first, and in a layer attention before FFN.
        ranking.sort(Comparator.comparingDouble(candidate -> candidate.score() + 0.0));
        long total = all;
        return ratio -> left(dense, scope, ranking, ratio * total);
    }

    /**
     * Shapes of all layers when units are removed in the order of the ranking.
     *
     * @param cost weights to remove; whole units come as near to it as they can
     */
    private List<LayerShape> left(List<LayerShape> dense, LayerScope scope, List<Candidate> ranking, double cost) {
        int[] attention = new int[dense.size()];
        int[] ffn = new int[dense.size()];
        double open = cost;
        for (Candidate candidate : ranking) {
            if (Math.abs(open - candidate.cost()) > Math.abs(open)) {
                break;
            }
            open -= candidate.cost();
            (candidate.attention() ? attention : ffn)[candidate.layer()]++;
        }
        List<LayerShape> left = new ArrayList<>(dense);
        for (int layer : scope.layers()) {
            LayerShape shape = dense.get(layer);
            left.set(
                    layer,
                    rounding.left(shape, shape.attentionSteps() - attention[layer], shape.ffnChannels() - ffn[layer]));
        }
        return left;
    }
}
