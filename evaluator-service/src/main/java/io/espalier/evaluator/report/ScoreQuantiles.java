package io.espalier.evaluator.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.model.importance.UnitScores;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;

/** How the criterion's scores are spread within each layer, in few numbers. */
final class ScoreQuantiles {
    /** From the least important unit to the most important one, in steps of five percent. */
    static final int STEPS = 20;

    /** Of each number: more digits nobody reads, and the page has to stay small. */
    private static final MathContext DIGITS = new MathContext(5);

    private static final ObjectMapper JSON = new ObjectMapper();

    private ScoreQuantiles() {}

    /**
     * @param layers the score sets of each layer, that of the criterion first; its controls are left out
     */
    static ObjectNode of(Map<Integer, Map<String, UnitScores>> layers) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode rows = root.putArray("layers");
        layers.forEach((layer, sets) -> {
            Iterator<Map.Entry<String, UnitScores>> named = sets.entrySet().iterator();
            if (named.hasNext()) {
                Map.Entry<String, UnitScores> criterion = named.next();
                root.put("criterion", criterion.getKey());
                ObjectNode row = rows.addObject().put("layer", layer);
                put(row, "attention", criterion.getValue().attention());
                put(row, "ffn", criterion.getValue().ffn());
            }
        });
        return root;
    }

    private static void put(ObjectNode row, String kind, double[] scores) {
        double[] sorted =
                Arrays.stream(scores).filter(Double::isFinite).sorted().toArray();
        if (sorted.length > 0) {
            ObjectNode spread = row.putObject(kind).put("units", sorted.length);
            ArrayNode quantiles = spread.putArray("quantiles");
            for (int step = 0; step <= STEPS; step++) {
                quantiles.add(rounded(quantile(sorted, (double) step / STEPS)));
            }
        }
    }

    /** The value below which a share of all values lies, on the line between its neighbours. */
    static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) Math.floor(place);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    private static double rounded(double value) {
        return new BigDecimal(value).round(DIGITS).doubleValue();
    }
}
