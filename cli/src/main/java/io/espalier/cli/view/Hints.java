package io.espalier.cli.view;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import java.util.ArrayList;
import java.util.List;

/** What a job could have done better, where that is known: a held-out text, shapes by measured cost, a recovery. */
public final class Hints {
    private static final String UNITS = "units";
    private static final String UNIFORM = "uniform";
    private static final String LEAST_SQUARES = "least-squares";

    private Hints() {}

    /**
     * Lines to print below the table of a job, behind an empty one; nothing where the job did all of it. One that a recipe of a
     * paper asked for, without the usual repair, is left alone.
     *
     * @param report of a job whose request has every default written out
     */
    public static String of(EvaluationReport report) {
        PruneRequest request = report.getRequest();
        Pruning pruning = request.getPruning();
        List<String> hints = new ArrayList<>();
        if (report.getProtocol().getSplit().equals("calibration")) {
            hints.add(
                    "name a text that nothing was chosen on (--evaluation): on the calibration text these numbers are too good");
        }
        boolean usual =
                pruning.getTarget().equals(UNITS) && pruning.getCompensation().equals(LEAST_SQUARES);
        if (usual && pruning.getAllocation().equals(UNIFORM)) {
            hints.add("--allocation searched measures what each layer can spare and loses less at the same size");
        }
        if (usual && !request.hasRecovery()) {
            hints.add("--recover lets what is left learn from the dense model");
        }
        return hints.isEmpty() ? "" : "\n\nhint: " + String.join("\nhint: ", hints);
    }
}
