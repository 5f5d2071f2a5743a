package io.espalier.cli;

import io.espalier.cli.view.EvaluationTable;
import io.espalier.cli.view.ProgressBars;
import io.espalier.cli.view.ProgressLines;
import io.espalier.cli.view.ProgressView;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;

/** What commands that wait for a job have in common: progress for the person, an end for everyone. */
final class JobOutcome {
    private JobOutcome() {}

    static ProgressView progress(Console console) {
        return console.terminal() ? new ProgressBars(console.err()) : new ProgressLines(console::say);
    }

    static void table(Console console, EvaluationReport report) {
        console.result(EvaluationTable.of(report));
    }

    static int exitCode(JobEvent end) {
        return end.hasCompleted() ? ExitCode.OK : ExitCode.JOB_FAILED;
    }
}
