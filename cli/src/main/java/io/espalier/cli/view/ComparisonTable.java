package io.espalier.cli.view;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Job;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.Provenance;
import io.espalier.v1.ZeroShotAverage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The models of several jobs, a line each, below the dense model of the first. */
public final class ComparisonTable {
    private ComparisonTable() {}

    /** @param jobs completed ones, at least one */
    public static String of(List<Job> jobs) {
        EvaluationReport first = jobs.get(0).getEvaluation();
        List<String> lines = new ArrayList<>();
        lines.add(line("model", "parameters", "perplexity", "KL", "same token", "questions", "prefill/s", "decode/s"));
        lines.add(model("dense", first.getDense(), first.getZeroShot().getDense()));
        for (Job job : jobs) {
            evaluations(job)
                    .forEach(one -> lines.add(model(
                            one.getOutput(), one.getPruned(), one.getZeroShot().getPruned())));
        }
        for (Job job : jobs) {
            String other = difference(first, job.getEvaluation());
            if (!other.isEmpty()) {
                lines.add("note: %s was evaluated %s, so its numbers do not compare with those of %s"
                        .formatted(job.getJobId(), other, jobs.get(0).getJobId()));
            }
        }
        return String.join("\n", lines);
    }

    private static Stream<EvaluationReport> evaluations(Job job) {
        EvaluationReport evaluation = job.getEvaluation();
        return Stream.concat(Stream.of(evaluation), evaluation.getFurtherList().stream());
    }

    /** What makes the numbers of two evaluations differ whatever the models are; empty for nothing. */
    private static String difference(EvaluationReport first, EvaluationReport other) {
        Provenance before = first.getProvenance();
        Provenance after = other.getProvenance();
        if (!before.getModelSha256().equals(after.getModelSha256())) {
            return "against another dense model";
        }
        return !before.getEvaluationSha256().equals(after.getEvaluationSha256())
                        || first.getProtocol().getWindows()
                                != other.getProtocol().getWindows()
                        || first.getProtocol().getSequenceLength()
                                != other.getProtocol().getSequenceLength()
                ? "on another text or other windows"
                : "";
    }

    private static String model(String name, ModelMeasurement measured, ZeroShotAverage answers) {
        return line(
                name,
                figure("%,.0f", (double) measured.getParameters()),
                figure("%,.3f", measured.getPerplexity()),
                figure("%.4f", measured.getDivergence()),
                figure("%.3f", measured.getAgreement()),
                figure("%.1f%%", 100 * answers.getPublished()),
                figure("%,.0f", measured.getPrefillTokensPerSecond()),
                figure("%,.0f", measured.getDecodeTokensPerSecond()));
    }

    /** The value 0 means that the quantity was not measured. */
    private static String figure(String format, double value) {
        return value == 0 ? "–" : String.format(Locale.ROOT, format, value);
    }

    private static String line(String... cells) {
        return String.format(Locale.ROOT, "%-28s %14s %12s %10s %10s %10s %10s %10s", (Object[]) cells)
                .stripTrailing();
    }
}
