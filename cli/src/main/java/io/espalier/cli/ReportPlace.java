package io.espalier.cli;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.EvaluationReport;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the reports of jobs lie.
 *
 * @param artifacts the artifact root; empty where only the services know it
 */
record ReportPlace(Optional<Path> artifacts) {
    static ReportPlace in(Path artifacts) {
        return new ReportPlace(Optional.of(artifacts));
    }

    /**
     * The page about a job: a path from here where the artifact root is known, else relative to it. Empty in evaluations of earlier
     * versions.
     *
     * @throws EspalierException {@code MODEL_URI_FORBIDDEN} if it would lie outside the artifact root
     */
    Optional<Path> page(EvaluationReport report) {
        if (report.getReport().isEmpty()) {
            return Optional.empty();
        }
        Path named = Path.of(report.getReport().replaceAll("\\p{C}", "?")).normalize();
        if (named.isAbsolute() || named.startsWith("..")) {
            throw new EspalierException(
                    ErrorCode.MODEL_URI_FORBIDDEN,
                    "the report of job %s lies outside the artifact root".formatted(report.getJobId()));
        }
        return Optional.of(artifacts.map(root -> root.resolve(named)).orElse(named));
    }

    /** A table and, behind it, the line that names the page. */
    String behind(String table, EvaluationReport report) {
        return table + page(report).map("\n\nreport    %s"::formatted).orElse("");
    }
}
