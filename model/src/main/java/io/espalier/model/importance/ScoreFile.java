package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ArrayFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The safetensors file of unit scores. Each set of scores is stored as two F64 arrays, {@code <set>.attention} and
 * {@code <set>.ffn}.
 */
public final class ScoreFile {
    /** The name of the file in an artifact. */
    public static final String NAME = "scores.safetensors";

    private static final String ATTENTION = ".attention";
    private static final String FFN = ".ffn";
    private static final String LAYERS = "layers.";
    private static final Pattern LAYER_SET = Pattern.compile("layers\\.(\\d{1,6})\\.(.+)");

    private ScoreFile() {}

    /**
     * Writes sets of scores.
     *
     * @param sets the sets by name, for example those of a criterion and of its controls
     */
    public static byte[] write(Map<String, UnitScores> sets) {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        sets.forEach((name, scores) -> {
            arrays.put(name + ATTENTION, scores.attention());
            arrays.put(name + FFN, scores.ffn());
        });
        return new ArrayFile(arrays, Map.of()).toBytes();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws EspalierException {@code INTERNAL} when the bytes are not a score file
     */
    public static Map<String, UnitScores> read(byte[] bytes) {
        Map<String, double[]> arrays = ArrayFile.fromBytes(bytes).arrays();
        Map<String, UnitScores> sets = new LinkedHashMap<>();
        arrays.forEach((name, attention) -> {
            if (name.endsWith(ATTENTION)) {
                String set = name.substring(0, name.length() - ATTENTION.length());
                double[] ffn = arrays.get(set + FFN);
                if (ffn == null) {
                    throw new EspalierException(ErrorCode.INTERNAL, "scores: no FFN scores of " + set);
                }
                sets.put(set, new UnitScores(attention, ffn));
            }
        });
        return sets;
    }

    /**
     * Writes the scores of several layers. A set is named {@code layers.<layer>.<set>} in the file.
     *
     * @param layers the sets of each layer, by its index
     */
    public static byte[] writeLayers(Map<Integer, Map<String, UnitScores>> layers) {
        Map<String, UnitScores> all = new LinkedHashMap<>();
        layers.forEach((layer, sets) -> sets.forEach((set, units) -> all.put(LAYERS + layer + "." + set, units)));
        return write(all);
    }

    /**
     * Reads what {@link #writeLayers} wrote, in the same order.
     *
     * @throws EspalierException {@code INTERNAL} when the bytes are not such a file
     */
    public static Map<Integer, Map<String, UnitScores>> readLayers(byte[] bytes) {
        Map<Integer, Map<String, UnitScores>> layers = new LinkedHashMap<>();
        read(bytes).forEach((name, scores) -> {
            Matcher matcher = LAYER_SET.matcher(name);
            if (!matcher.matches()) {
                throw new EspalierException(ErrorCode.INTERNAL, "scores: '" + name + "' names no layer");
            }
            layers.computeIfAbsent(Integer.valueOf(matcher.group(1)), layer -> new LinkedHashMap<>())
                    .put(matcher.group(2), scores);
        });
        return layers;
    }
}
