package io.espalier.job;

import io.espalier.model.tensor.Computation;
import java.util.List;
import java.util.Map;

/** What an inspection found of the files of a job, and nothing of its model. */
final class Inspections {
    private Inspections() {}

    static Inspection of(List<InputFile> files) {
        return of(files, TextRead.UNKNOWN);
    }

    static Inspection of(List<InputFile> files, TextRead calibration) {
        return new Inspection(
                "llama",
                List.of(),
                1,
                "",
                "",
                "",
                1,
                1,
                0,
                1,
                1,
                Computation.EXACT,
                Map.of(),
                files,
                calibration,
                TextRead.UNKNOWN,
                List.of());
    }
}
