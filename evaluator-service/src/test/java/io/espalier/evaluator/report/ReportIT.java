package io.espalier.evaluator.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.espalier.model.LayerShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports in a real browser. */
class ReportIT {
    @TempDir
    private Path folder;

    @BeforeAll
    static void requireABrowser() {
        assumeTrue(Files.isExecutable(Chromium.PROGRAM), () -> "skipped: no browser at " + Chromium.PROGRAM);
    }

    @Test
    void aPageSaysAtItsTopWhatItCostAndWhatItBrought() throws Exception {
        Chromium.Shown page = shown(plain());

        assertThat(page.console()).isEmpty();
        assertThat(page.title()).isEqualTo("llama, pruned: job");
        assertThat(page.body())
                .contains(
                        "<h1>llama, pruned</h1>",
                        "20.0% of the parameters of llama are gone; perplexity rose by 10.0%.",
                        ">20.0% fewer parameters<",
                        ">10.0% more perplexity<",
                        ">50.0% faster<",
                        ">median of 5 runs, taken in turns<",
                        ">10.0% slower<");
    }

    @Test
    void theNumbersBehindTheHeatMapStandBelowIt() throws Exception {
        Chromium.Shown page = shown(plain());

        String numbers = part(page, "<details id=\"removed-numbers\">", "</details>");
        assertThat(numbers.split("<tr", -1)).hasSize(1 + 1 + 3);
        assertThat(numbers)
                .containsPattern("<th scope=\"row\">1</th><td>4 → 3</td><td>4 → 3</td><td>64 → 32</td><td>25.0%</td>"
                        + "<td>50.0%</td>");
    }

    @Test
    void partsThatTheJobDidNotMeasureAreLeftOut() throws Exception {
        Chromium.Shown page = shown(plain());

        assertThat(page.body()).contains("id=\"removed\"", "id=\"provenance\"");
        assertThat(page.body())
                .doesNotContain(
                        "id=\"front\"",
                        "id=\"search\"",
                        "id=\"importance\"",
                        "id=\"repairs\"",
                        "id=\"controls\"",
                        "id=\"recovery\"",
                        "id=\"tasks\"",
                        "undefined",
                        "NaN");
    }

    @Test
    void everyPartIsDrawnWhereItsNumbersAreThere() throws Exception {
        Chromium.Shown page = shown(SampleReport.hostile());

        assertThat(page.console()).isEmpty();
        assertThat(page.body())
                .contains(
                        "id=\"front\"",
                        "id=\"search\"",
                        "id=\"importance\"",
                        "id=\"repairs\"",
                        "id=\"controls\"",
                        "id=\"recovery\"",
                        "id=\"tasks\"",
                        "<td>62.5% ± 12.5</td><td>25.0% ± 6.3</td><td>37.5% ± 6.3</td><td>8</td><td>1</td><td>3</td>",
                        "25.50 → 60.50 → 30.50")
                .doesNotContain("could not be drawn", "undefined", "NaN");
        assertThat(page.body().split("<canvas", -1)).hasSize(1 + 10);
    }

    @Test
    void aTrainingIsJudgedByTheWeightsThatWereKept() throws Exception {
        Chromium.Shown page = shown(SampleReport.hostile());

        assertThat(part(page, "<details id=\"local-recovery-numbers\">", "</details>"))
                .contains(
                        "<th scope=\"row\">0</th><td>50.0%</td><td>25.0%</td>",
                        "<th scope=\"row\">1</th><td>40.0%</td><td>40.0%</td>");
        assertThat(page.body()).contains("0.125 → 0.0625 nats per token");
    }

    @Test
    void namesThatAreMarkupStayText() throws Exception {
        Chromium.Shown page = shown(SampleReport.hostile());

        assertThat(page.title()).doesNotStartWith("taken");
        assertThat(page.body())
                .contains("&lt;/script&gt;&lt;script&gt;", "&amp;lt;b&amp;gt;")
                .doesNotContain("<script", "<img", "<b>");
    }

    @Test
    void aLayerThatWentWholeIsSaidToBeGone() throws Exception {
        JsonNode evaluation = SampleReport.json("""
                {'dense': {'perplexity': 20.0, 'parameters': '1000'}, 'pruned': {'perplexity': 22.0, 'parameters': '800'},
                 'layers': [{'heads': 4, 'kv_heads': 4, 'ffn_channels': 64}, {'heads': 4, 'kv_heads': 4, 'ffn_channels': 64}]}
                """);

        Chromium.Shown page = shown(
                report(new JobReport.Result(evaluation, List.of(0, 2), SampleReport.json("[]"), Optional.empty())));

        assertThat(part(page, "<details id=\"removed-numbers\">", "</details>"))
                .contains("<th scope=\"row\">1</th><td>4 → 0</td>")
                .contains("<th scope=\"row\">2</th><td>4 → 4</td>");
    }

    private static JobReport plain() {
        return report(SampleReport.result(SampleReport.json("""
                {'output': 'out',
                 'dense': {'perplexity': 20.0, 'parameters': '1000', 'checkpoint_bytes': '2000', 'macs': '5',
                           'prefill_tokens_per_second': 1000.0, 'decode_tokens_per_second': 100.0},
                 'pruned': {'perplexity': 22.0, 'parameters': '800', 'checkpoint_bytes': '1600', 'macs': '4',
                            'prefill_tokens_per_second': 1500.0, 'decode_tokens_per_second': 90.0},
                 'layers': [{'heads': 4, 'kv_heads': 4, 'head_dim': 8, 'ffn_channels': 64},
                            {'heads': 3, 'kv_heads': 3, 'head_dim': 8, 'ffn_channels': 32},
                            {'heads': 4, 'kv_heads': 4, 'head_dim': 8, 'ffn_channels': 64}],
                 'protocol': {'sequence_length': 128, 'predicted_tokens': '254', 'split': 'held-out', 'macs_tokens': 64,
                              'prefill_tokens': 128, 'decode_tokens': 32, 'threads': 2, 'repetitions': 5,
                              'runtime': 'espalier'}}
                """)));
    }

    private static JobReport report(JobReport.Result result) {
        LayerShape dense = new LayerShape(4, 4, 8, 64);
        return JobReport.of(
                "job",
                SampleReport.json("{'model': 'llama'}"),
                List.of(dense, dense, dense),
                List.of(result),
                Map.of());
    }

    private Chromium.Shown shown(JobReport report) throws Exception {
        return Chromium.show(Files.writeString(folder.resolve("report.html"), ReportPage.of(report)), folder);
    }

    private static String part(Chromium.Shown page, String begin, String end) {
        int from = page.body().indexOf(begin);
        assertThat(from).as(begin).isNotNegative();
        return page.body().substring(from, page.body().indexOf(end, from));
    }
}
