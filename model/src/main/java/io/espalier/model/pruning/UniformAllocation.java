package io.espalier.model.pruning;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.LayerShape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The same share of units from each pruned layer, rounded as LLM-Pruner does.
 *
 * @param ratio share of units to remove, in (0, 1)
 * @param roundTo kept FFN widths are rounded up to a multiple of this, as far as the layer is wide
 */
public record UniformAllocation(double ratio, int roundTo) {
    /** Narrower FFN blocks are not worth their launch. */
    private static final int MIN_CHANNELS = 32;

    public UniformAllocation {
        if (!(ratio > 0 && ratio < 1)) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "pruning.unit_ratio: must lie between 0 and 1, was " + ratio);
        }
        if (roundTo < 1) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT, "pruning.round_to: must be at least 1, was " + roundTo);
        }
    }

    /** Attention units removed from a layer of this shape; at least one stays. */
    public int attentionRemoved(LayerShape shape) {
        // All rows of the unit's key projection count, so that a fraction of a head is decided as LLM-Pruner does.
        long rows = (long) shape.attentionUnits() * shape.headDim();
        int removed = (int) ((rows - share(rows)) / shape.headDim());
        return Math.min(removed, shape.attentionUnits() - 1);
    }

    /** FFN channels kept in a layer of this shape; at least 32, or all if there are fewer. */
    public int ffnKept(LayerShape shape) {
        int kept = Math.max((int) share(shape.ffnChannels()), MIN_CHANNELS);
        long rounded = (kept + roundTo - 1L) / roundTo * roundTo;
        return (int) Math.min(rounded, shape.ffnChannels());
    }

    /** Shape of a layer after pruning. */
    public LayerShape pruned(LayerShape shape) {
        int units = shape.attentionUnits() - attentionRemoved(shape);
        return new LayerShape(units * shape.headsPerUnit(), units, shape.headDim(), ffnKept(shape));
    }

    /**
     * Removes the lowest scores; of equal ones the lower index goes first.
     *
     * @throws EspalierException {@code MODEL_CORRUPT} for a score that is no number
     */
    public RemovedUnits select(LayerShape shape, UnitScores scores) {
        int ffnRemoved = shape.ffnChannels() - ffnKept(shape);
        return new RemovedUnits(
                lowest("attention", scores.attention(), shape.attentionUnits(), attentionRemoved(shape)),
                lowest("ffn", scores.ffn(), shape.ffnChannels(), ffnRemoved));
    }

    private long share(long width) {
        return (long) Math.floor((1 - ratio) * width);
    }

    private static int[] lowest(String kind, double[] scores, int units, int count) {
        if (scores.length != units) {
            throw new IllegalArgumentException(kind + ": " + scores.length + " scores for " + units + " units");
        }
        if (Arrays.stream(scores).anyMatch(Double::isNaN)) {
            throw new EspalierException(ErrorCode.MODEL_CORRUPT, kind + " scores: not a number; check the weights");
        }
        return IntStream.range(0, units)
                .boxed()
                // Boxed doubles order -0.0 before 0.0; as importance they are equal.
                .sorted(Comparator.comparingDouble(i -> scores[i] + 0.0))
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }
}
