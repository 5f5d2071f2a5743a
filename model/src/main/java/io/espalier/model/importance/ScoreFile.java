package io.espalier.model.importance;

import io.espalier.model.ErrorCode;
import io.espalier.model.EspalierException;
import io.espalier.model.checkpoint.ArrayFile;
import io.espalier.model.pruning.UnitScores;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/** Unit scores as a safetensors file: F64 arrays {@code <set>.attention} and {@code <set>.ffn}. */
public final class ScoreFile {
    private static final String ATTENTION = ".attention";
    private static final String FFN = ".ffn";
    private static final String DAMPING = "damping";

    private ScoreFile() {}

    /** @param sets scores under their names, for example a criterion's and its controls' */
    public static byte[] write(Map<String, UnitScores> sets) {
        return write(new LayerScores(sets));
    }

    /** With the damping as the file's metadata. */
    public static byte[] write(LayerScores layer) {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        layer.sets().forEach((name, scores) -> {
            arrays.put(name + ATTENTION, scores.attention());
            arrays.put(name + FFN, scores.ffn());
        });
        OptionalDouble damping = layer.damping();
        return new ArrayFile(
                        arrays,
                        damping.isPresent() ? Map.of(DAMPING, Double.toString(damping.getAsDouble())) : Map.of())
                .toBytes();
    }

    /**
     * As {@link LayerScores#damping}.
     *
     * @throws EspalierException {@code INTERNAL} when the bytes are no score file
     */
    public static OptionalDouble damping(byte[] bytes) {
        String damping = ArrayFile.fromBytes(bytes).notes().get(DAMPING);
        return damping == null ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(damping));
    }

    /** @throws EspalierException {@code INTERNAL} when the bytes are no score file */
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
}
