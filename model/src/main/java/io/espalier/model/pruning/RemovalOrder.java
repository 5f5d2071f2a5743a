package io.espalier.model.pruning;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.LayerShape;
import io.espalier.model.importance.UnitScores;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The order in which the units of a layer are removed: the lowest score first; of equal scores, the lower index. Query heads go
 * in steps of one from each KV group, in each its lowest.
 *
 * @param attention indices of attention units, the first to remove first
 * @param ffn indices of FFN channels, the first to remove first
 */
public record RemovalOrder(int[] attention, int[] ffn) {
    /** @throws EspalierException {@code MODEL_CORRUPT} for a score that is no number */
    public static RemovalOrder of(LayerShape shape, UnitScores scores) {
        return new RemovalOrder(
                inSteps(shape, ascending("attention", scores.attention(), shape.attentionUnits())),
                ascending("ffn", scores.ffn(), shape.ffnChannels()));
    }

    /** The units that a layer loses when it shrinks from one shape to another. */
    public RemovedUnits between(LayerShape before, LayerShape after) {
        return new RemovedUnits(
                first(attention, before.attentionUnits() - after.attentionUnits()),
                first(ffn, before.ffnChannels() - after.ffnChannels()));
    }

    /** The same units in steps: those that come first of each KV group, then those that come second, and so on. */
    private static int[] inSteps(LayerShape shape, int[] order) {
        int perStep = shape.unitsPerStep();
        int[] placed = new int[perStep];
        int[] steps = new int[order.length];
        for (int unit : order) {
            // Units of one group follow each other, and there are as many steps as units of a group.
            int group = unit / shape.attentionSteps();
            steps[placed[group]++ * perStep + group] = unit;
        }
        return steps;
    }

    private static int[] first(int[] order, int count) {
        int[] units = Arrays.copyOf(order, count);
        Arrays.sort(units);
        return units;
    }

    private static int[] ascending(String kind, double[] scores, int units) {
        if (scores.length != units) {
            throw new IllegalArgumentException(kind + ": " + scores.length + " scores for " + units + " units");
        }
        if (Arrays.stream(scores).anyMatch(Double::isNaN)) {
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, kind + " scores: not a number; check the weights");
        }
        return IntStream.range(0, units)
                .boxed()
                // A comparator puts -0.0 before 0.0; as importance they are equal, so 0.0 is added.
                .sorted(Comparator.comparingDouble(i -> scores[i] + 0.0))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
