package io.espalier.job;

import io.espalier.model.LayerShape;
import io.espalier.model.tensor.Computation;
import java.util.List;
import java.util.Map;

/** What an inspection found, as far as a test looks at it. */
final class Inspections {
    private Inspections() {}

    static Inspection of(List<InputFile> files) {
        return of(files, TextRead.UNKNOWN);
    }

    static Inspection of(List<InputFile> files, TextRead calibration) {
        return of(List.of(), 1, files, calibration);
    }

    /** @param last index after the last layer to prune */
    static Inspection of(List<LayerShape> layers, int last) {
        return of(layers, last, List.of(), TextRead.UNKNOWN);
    }

    private static Inspection of(List<LayerShape> layers, int last, List<InputFile> files, TextRead calibration) {
        return new Inspection(
                "llama",
                layers,
                1,
                "",
                "",
                "",
                1,
                1,
                0,
                last,
                List.of(),
                1,
                Computation.EXACT,
                Map.of(),
                files,
                calibration,
                TextRead.UNKNOWN,
                List.of(),
                List.of(),
                "",
                List.of());
    }
}
