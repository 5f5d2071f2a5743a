package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.SearchCandidate;
import io.espalier.v1.SearchReport;
import org.junit.jupiter.api.Test;

class EvaluationTableTest {
    @Test
    void everyCheckpointOfAJobHasItsTableUnderItsName() {
        EvaluationReport first =
                SampleEvents.report().toBuilder().setOutput("first").build();
        EvaluationReport second = first.toBuilder().setOutput("second").build();

        String tables = EvaluationTable.of(first.toBuilder().addFurther(second).build());

        assertThat(tables)
                .isEqualTo("first\n" + EvaluationTable.of(first) + "\n\nsecond\n" + EvaluationTable.of(second));
    }

    @Test
    void saysWhatTheSpeedsWereMeasuredInAndTheMemoryThatTook() {
        EvaluationReport.Builder report = SampleEvents.report().toBuilder();
        report.getDenseBuilder().setPeakMemoryBytes(90_000_000);
        report.getPrunedBuilder().setPeakMemoryBytes(81_000_000);
        report.getProtocolBuilder()
                .setRuntime("llama.cpp")
                .setRuntimeVersion("b4916")
                .setWeightType("f16")
                .setThreads(2)
                .setPrefillTokens(128)
                .setDecodeTokens(32)
                .addNotes("the same\ntokens");

        String table = EvaluationTable.of(report.build());

        assertThat(table)
                .contains(
                        "peak memory, bytes             90,000,000       81,000,000     0.900",
                        "speeds in llama.cpp b4916, weights in f16, threads: 2; a prompt of 128 tokens, then 32",
                        "the same?tokens");
    }

    @Test
    void saysHowFarTheSearchedShapesAreFromTheDenseModelAndWhatTheyWereComparedWith() {
        EvaluationReport report = EvaluationReport.newBuilder()
                .setSearch(SearchReport.newBuilder()
                        .addCandidates(
                                SearchCandidate.newBuilder().setName("uniform").setDivergence(0.0452))
                        .addCandidates(SearchCandidate.newBuilder()
                                .setName("measured")
                                .setDivergence(0.01234)
                                .setChosen(true)))
                .build();

        String table = EvaluationTable.of(report);

        assertThat(table)
                .contains(
                        "searched: measured shapes, KL from the dense model 0.0123 nats per token of calibration text;"
                                + " uniform 0.0452");
    }

    @Test
    void setsDenseAgainstPrunedAndMarksWhatWasNotMeasured() {
        // When
        String table = EvaluationTable.of(SampleEvents.report());

        // Then
        assertThat(table).isEqualTo("""
                                                    dense           pruned     ratio
                perplexity                         12.500           15.000     1.200
                parameters                      4,000,000        3,000,000     0.750
                MACs, 64 tokens               512,000,000      384,000,000     0.750
                checkpoint bytes                8,000,000        6,000,000     0.750
                prefill tokens/s                   10,000           12,500     1.250
                decode tokens/s                         –                –         –

                perplexity over 12,700 predictions, windows of 128 tokens, text: held-out""");
    }
}
