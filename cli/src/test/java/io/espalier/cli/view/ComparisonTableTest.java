package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Job;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTableTest {
    @Test
    void everyModelHasALineBelowTheDenseOne() {
        // Given
        EvaluationReport.Builder first = report("first", "a");
        first.getPrunedBuilder().setDivergence(0.0219).setAgreement(0.886);
        first.getZeroShotBuilder().getPrunedBuilder().setPublished(0.351);
        first.addFurther(report("first-2", "a"));

        // When
        String table = ComparisonTable.of(List.of(job("one", first), job("two", report("second", "a"))));

        // Then
        List<String> lines = table.lines().toList();
        assertThat(lines).hasSize(5);
        assertThat(lines.stream().map(line -> line.substring(0, line.indexOf(' '))))
                .containsExactly("model", "dense", "first", "first-2", "second");
        assertThat(lines.get(2)).contains("0.0219", "0.886", "35.1%");
    }

    @Test
    void numbersThatDoNotCompareAreToldApart() {
        String table = ComparisonTable.of(List.of(job("one", report("first", "a")), job("two", report("second", "b"))));

        assertThat(table)
                .endsWith("note: two was evaluated on another text or other windows, so its numbers do not compare with"
                        + " those of one");
    }

    private static Job job(String id, EvaluationReport.Builder report) {
        return Job.newBuilder().setJobId(id).setEvaluation(report).build();
    }

    private static EvaluationReport.Builder report(String output, String text) {
        EvaluationReport.Builder report = SampleEvents.report().toBuilder().setOutput(output);
        report.getProvenanceBuilder().setEvaluationSha256(text);
        return report;
    }
}
