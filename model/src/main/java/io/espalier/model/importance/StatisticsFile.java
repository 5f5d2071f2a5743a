package io.espalier.model.importance;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.model.checkpoint.ArrayFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The safetensors file of input statistics. It stores the sums and the squares under each module's name. The number of
 * tokens is a note of the file under the same name.
 */
final class StatisticsFile {
    private static final String SUMS = ".sums";
    private static final String SQUARES = ".squares";

    private StatisticsFile() {}

    static byte[] write(Map<String, FeatureMoments> byModule) {
        Map<String, double[]> arrays = new LinkedHashMap<>();
        Map<String, String> notes = new LinkedHashMap<>();
        byModule.forEach((module, moments) -> {
            arrays.put(module + SUMS, moments.sums());
            arrays.put(module + SQUARES, moments.squares());
            notes.put(module, Long.toString(moments.tokens()));
        });
        return new ArrayFile(arrays, notes).toBytes();
    }

    static Map<String, FeatureMoments> read(byte[] bytes) {
        ArrayFile file = ArrayFile.fromBytes(bytes);
        Map<String, FeatureMoments> byModule = new TreeMap<>();
        file.notes().forEach((module, tokens) -> {
            double[] sums = file.arrays().get(module + SUMS);
            double[] squares = file.arrays().get(module + SQUARES);
            if (sums == null || squares == null) {
                throw new EspalierException(ErrorCode.INTERNAL, "statistics: nothing of " + module + "; collect again");
            }
            byModule.put(module, new FeatureMoments(Long.parseLong(tokens), sums, squares));
        });
        return byModule;
    }
}
