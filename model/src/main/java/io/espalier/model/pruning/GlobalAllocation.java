package io.espalier.model.pruning;

import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import io.espalier.model.transformer.LayerScope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;

/**
 * One ranking over all pruned layers and both kinds of units, and one threshold (FLAP, section 3 and released code): units
 * go by ascending z score until their weights are the share asked for.
 *
 * @param costs per layer of the model
 * @param standardized whether scores are z scores of their layer and kind already
 */
public record GlobalAllocation(FfnRounding rounding, List<UnitCost> costs, boolean standardized) implements Allocation {
    public GlobalAllocation {
        costs = List.copyOf(costs);
    }

    /** A unit in the ranking; which one of its layer and kind follows from how many went before it. */
    private record Candidate(double score, int layer, boolean attention, long cost) {}

    @Override
    public DoubleFunction<List<LayerShape>> shapes(
            List<LayerShape> dense, LayerScope scope, Map<Integer, UnitScores> scores) {
        List<Candidate> ranking = new ArrayList<>();
        long all = 0;
        for (int layer = scope.first(); layer < scope.last(); layer++) {
            LayerShape shape = dense.get(layer);
            LayerShape least = rounding.left(shape, 0, 0);
            UnitScores found = Allocation.of(layer, scores);
            UnitScores comparable = standardized ? found : found.standardized();
            UnitCost cost = costs.get(layer);
            RemovalOrder order = RemovalOrder.of(shape, comparable);
            double[] attention = comparable.attention();
            for (int i = 0; i < shape.attentionUnits() - least.attentionUnits(); i++) {
                ranking.add(new Candidate(attention[order.attention()[i]], layer, true, cost.attention()));
            }
            double[] ffn = comparable.ffn();
            for (int i = 0; i < shape.ffnChannels() - least.ffnChannels(); i++) {
                ranking.add(new Candidate(ffn[order.ffn()[i]], layer, false, cost.channel()));
            }
            all += cost.attention() * shape.attentionUnits() + cost.channel() * shape.ffnChannels();
        }
        // A stable sort: of equal scores the first layer's go first, its attention before its channels.
        ranking.sort(Comparator.comparingDouble(candidate -> candidate.score() + 0.0));
        long total = all;
        return ratio -> left(dense, scope, ranking, ratio * total);
    }

    /** @param cost of what should go; what goes comes as near to it as whole units can */
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
        for (int layer = scope.first(); layer < scope.last(); layer++) {
            LayerShape shape = dense.get(layer);
            left.set(
                    layer,
                    rounding.left(shape, shape.attentionUnits() - attention[layer], shape.ffnChannels() - ffn[layer]));
        }
        return left;
    }
}
