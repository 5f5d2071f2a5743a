package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.Continuation;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.LayerRecovery;
import io.espalier.v1.LocalRecoveryReport;
import io.espalier.v1.LoraRecoveryReport;
import io.espalier.v1.LossCurve;
import io.espalier.v1.LossPoint;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.RecoveryReport;
import io.espalier.v1.SearchCandidate;
import io.espalier.v1.SearchReport;
import io.espalier.v1.TaskAccuracy;
import io.espalier.v1.TextMeasurement;
import io.espalier.v1.TextPerplexity;
import io.espalier.v1.ZeroShotAverage;
import io.espalier.v1.ZeroShotTask;
import java.util.List;
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
                        "peak memory, bytes   90,000,000   81,000,000  0.900",
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
    void setsTheAnswersToQuestionsAgainstEachOther() {
        EvaluationReport.Builder report = SampleEvents.report().toBuilder();
        report.getZeroShotBuilder()
                .setDense(ZeroShotAverage.newBuilder().setAccuracy(0.5).setPublished(0.625))
                .setPruned(ZeroShotAverage.newBuilder().setAccuracy(0.4).setPublished(0.55))
                .addTasks(ZeroShotTask.newBuilder()
                        .setTask("piqa")
                        .setQuestions(1838)
                        .setGained(12)
                        .setLost(45)
                        .setDense(TaskAccuracy.newBuilder()
                                .setAccuracy(0.6)
                                .setNormalized(0.625)
                                .setNormalizedError(0.011)
                                .addAllAnswers(List.of(900, 938)))
                        .setPruned(TaskAccuracy.newBuilder()
                                .setNormalized(0.55)
                                .setNormalizedError(0.012)
                                .addAllAnswers(List.of(1800, 38))));

        String table = EvaluationTable.of(report.build());

        assertThat(table)
                .contains(
                        "zero-shot accuracy        dense       pruned  questions",
                        "piqa, acc_norm      62.5% ± 1.1  55.0% ± 1.2      1,838",
                        "average                   62.5%        55.0%\n",
                        "average, acc alone        50.0%        40.0%\n",
                        "the pruned model gained 12 and lost 45 of piqa",
                        "note: piqa: one and the same answer was given to nearly all questions");
    }

    @Test
    void hasTheFiguresOfEachFurtherTextByItsProtocol() {
        EvaluationReport report = SampleEvents.report().toBuilder()
                .addTexts(TextPerplexity.newBuilder()
                        .setText("wiki.test.raw")
                        .setProtocol("window-2048")
                        .setPredictions(2047)
                        .setSplit("held-out")
                        .setDense(TextMeasurement.newBuilder().setPerplexity(10))
                        .setPruned(TextMeasurement.newBuilder()
                                .setPerplexity(15)
                                .setDivergence(0.25)
                                .setAgreement(0.5)))
                .addTexts(TextPerplexity.newBuilder()
                        .setText("wiki.test.raw")
                        .setProtocol("wikitext")
                        .setDense(TextMeasurement.newBuilder()
                                .setWordPerplexity(20)
                                .setBytePerplexity(2)
                                .setBitsPerByte(1))
                        .setPruned(TextMeasurement.newBuilder()
                                .setWordPerplexity(30)
                                .setBytePerplexity(3)
                                .setBitsPerByte(1.5)))
                .build();

        String table = EvaluationTable.of(report);

        assertThat(table)
                .contains(
                        "wiki.test.raw by window-2048, 2,047 predictions, text: held-out",
                        "                      dense  pruned  ratio\nperplexity           10.000  15.000  1.500",
                        "KL from dense, nats       –  0.2500      –",
                        "perplexity per word  20.000  30.000  1.500",
                        "bits per byte        1.0000  1.5000  1.500");
    }

    @Test
    void showsWhatTheModelsWroteOneBelowTheOther() {
        EvaluationReport.Builder report = SampleEvents.report().toBuilder();
        report.getSamplesBuilder()
                .addSamplesBuilder()
                .setPrompt("Once")
                .setDense(Continuation.newBuilder().setGreedy(" upon\na time\u001b"))
                .setUnrecovered(Continuation.newBuilder().setGreedy(" a a a"))
                .setPruned(Continuation.newBuilder().setGreedy(" there was"));

        String table = EvaluationTable.of(report.build());

        assertThat(table).contains("""
                        behind "Once" the most likely tokens are
                        dense     upon a time?
                        pruned    a a a
                        recovered there was
                        """);
    }

    @Test
    void setsARecoveredModelAgainstBothAndSaysWhatTheRecoveryTrained() {
        EvaluationReport.Builder report = SampleEvents.report().toBuilder();
        report.setUnrecovered(ModelMeasurement.newBuilder()
                .setPerplexity(18.5)
                .setParameters(3_000_000)
                .setMacs(384_000_000)
                .setCheckpointBytes(6_000_000));
        report.setRecovery(RecoveryReport.newBuilder()
                .setWindows(512)
                .setLocal(LocalRecoveryReport.newBuilder()
                        .setOrder("parallel")
                        .setSteps(150)
                        .addLayers(LayerRecovery.newBuilder().setLayer(0).setLoss(curve(0.02, 0.01, 150)))
                        .addLayers(LayerRecovery.newBuilder().setLayer(1).setLoss(curve(0.04, 0.02, 100))))
                .setLora(LoraRecoveryReport.newBuilder()
                        .setRank(8)
                        .setObjective("distill")
                        .setSteps(300)
                        .setLoss(curve(0.21, 0.15, 250))));

        String table = EvaluationTable.of(report.build());

        assertThat(table).startsWith("""
                                        dense       pruned    recovered  ratio
                perplexity             12.500       18.500       15.000  1.200
                parameters          4,000,000    3,000,000    3,000,000  0.750
                MACs, 64 tokens   512,000,000  384,000,000  384,000,000  0.750
                checkpoint bytes    8,000,000    6,000,000    6,000,000  0.750
                prefill tokens/s       10,000            –       12,500  1.250
                decode tokens/s             –            –            –      –

                recovery on 512 windows: local distillation, parallel: mean layer error 0.0300 → 0.0150; adapters of rank 8: KL 0.2100 → 0.1500 at step 250 of 300
                """);
    }

    private static LossCurve curve(double before, double after, int best) {
        return LossCurve.newBuilder()
                .addPoints(LossPoint.newBuilder().setHeldOut(before))
                .addPoints(LossPoint.newBuilder().setStep(best).setHeldOut(after))
                .addPoints(LossPoint.newBuilder().setStep(best + 1).setHeldOut(1))
                .setBest(best)
                .build();
    }

    @Test
    void setsDenseAgainstPrunedAndMarksWhatWasNotMeasured() {
        // When
        String table = EvaluationTable.of(SampleEvents.report());

        // Then
        assertThat(table).isEqualTo("""
                                        dense       pruned  ratio
                perplexity             12.500       15.000  1.200
                parameters          4,000,000    3,000,000  0.750
                MACs, 64 tokens   512,000,000  384,000,000  0.750
                checkpoint bytes    8,000,000    6,000,000  0.750
                prefill tokens/s       10,000       12,500  1.250
                decode tokens/s             –            –      –

                perplexity over 12,700 predictions, windows of 128 tokens, text: held-out""");
    }
}
