package io.espalier.job;

import io.espalier.model.AttentionUnit;
import io.espalier.model.LayerShape;
import io.espalier.model.pruning.Budget;
import io.espalier.model.transformer.LayerHalf;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToIntFunction;

/**
 * What was asked of one kind of unit, and what was possible, in all pruned layers together.
 *
 * @param kind in words: heads, KV groups, query heads or FFN channels
 * @param units that the pruned layers had
 * @param asked share of them that the budget asks for, in (0, 1); empty where it asks for something else, such as parameters
 * @param note why nothing went; empty where something did
 */
public record UnitsRemoved(String kind, int units, int removed, OptionalDouble asked, String note) {
    /**
     * Counts per kind of unit.
     *
     * @param left shape of every layer of the pruned model
     * @return attention, then the feed-forward block; empty for a job that removes no units
     */
    public static List<UnitsRemoved> of(JobSpec spec, Inspection inspection, String output, List<LayerShape> left) {
        if (!(spec.pruning().target() instanceof Target.Units units)) {
            return List.of();
        }
        OptionalDouble asked = units.uniform() && units.variant(output).budget() instanceof Budget.UnitRatio share
                ? OptionalDouble.of(share.ratio())
                : OptionalDouble.empty();
        List<Integer> scope = inspection.scope().layers();
        List<LayerShape> dense = scope.stream().map(inspection.layers()::get).toList();
        List<LayerShape> pruned = scope.stream().map(left::get).toList();
        LayerShape first = dense.get(0).in(units.attentionUnit());
        boolean grouped = first.headsPerGroup() > 1;
        boolean whole = units.attentionUnit() == AttentionUnit.KV_GROUP;
        String attention = !grouped ? "heads" : whole ? "KV groups" : "query heads";
        Optional<String> searched = units.search().map(effort -> "the shapes that the search chose keep all of them");
        return List.of(
                of(
                        attention,
                        dense,
                        pruned,
                        layer -> layer.in(units.attentionUnit()).attentionUnits(),
                        units.rounding().halves().contains(LayerHalf.ATTENTION),
                        asked,
                        searched.orElse("%s has %d %s, and %s%s"
                                .formatted(
                                        whole ? "a layer" : "a KV group",
                                        first.attentionSteps(),
                                        attention,
                                        units.rounding().attention() == 1
                                                ? "the budget does not reach one of them"
                                                : "the kept number is rounded up to a multiple of %d"
                                                        .formatted(
                                                                units.rounding().attention()),
                                        grouped && whole
                                                ? "; attention_unit query-head removes query heads inside them"
                                                : ""))),
                of(
                        "FFN channels",
                        dense,
                        pruned,
                        LayerShape::ffnChannels,
                        units.rounding().halves().contains(LayerHalf.FEED_FORWARD),
                        asked,
                        searched.orElse(
                                "a layer has %d FFN channels, and the kept width is rounded up to a multiple of %d"
                                        .formatted(
                                                first.ffnChannels(),
                                                units.rounding().channels()))));
    }

    private static UnitsRemoved of(
            String kind,
            List<LayerShape> dense,
            List<LayerShape> pruned,
            ToIntFunction<LayerShape> count,
            boolean loses,
            OptionalDouble asked,
            String reason) {
        int units = dense.stream().mapToInt(count).sum();
        if (!loses) {
            return new UnitsRemoved(kind, units, 0, OptionalDouble.empty(), "pruning.only leaves them whole");
        }
        int removed = units - pruned.stream().mapToInt(count).sum();
        return new UnitsRemoved(kind, units, removed, asked, removed == 0 ? reason : "");
    }
}
