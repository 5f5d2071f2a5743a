package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.espalier.model.artifact.Manifest;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.file.Digests;
import io.espalier.model.tensor.Scope;
import io.espalier.model.tensor.StoredWeights;
import io.espalier.v1.Budget;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.LayerRecovery;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.ModelMeasurement;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Sample;
import io.espalier.v1.TaskData;
import io.espalier.v1.TextPerplexity;
import io.espalier.v1.ZeroShotTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left of a model learns from the dense one, through the whole pipeline. */
class RecoveryIT extends SoundStack {
    private static final int LAYERS = 6;
    private static final String PARALLEL = "recovery-parallel";
    private static final String SEQUENTIAL = "recovery-sequential";
    private static final String KEPT = "recovery-kept";
    private static final String MASKED = "recovery-masked";
    private static final String DEPTH = "recovery-depth";
    private static final String WITHOUT = "recovery-without";

    @BeforeAll
    static void publishAll() {
        PruneRequest.Builder sequential = Requests.recovery(SEQUENTIAL).toBuilder();
        sequential.getRecoveryBuilder().setText("pages.txt").getLocalBuilder().setOrder("sequential");
        PruneRequest.Builder kept = Requests.recovery(KEPT).toBuilder();
        kept.getPruningBuilder()
                .clearUnitRatio()
                .addBudgets(Budget.newBuilder().setUnitRatio(0.2))
                .addBudgets(Budget.newBuilder().setUnitRatio(0.4));
        kept.getRecoveryBuilder().setKeepUnrecovered(true);
        kept.getExportBuilder().setGguf("f16");
        for (String task : List.of("piqa", "winogrande")) {
            kept.getEvaluationBuilder()
                    .addTasks(TaskData.newBuilder().setTask(task).setData("tasks/" + task + ".jsonl"));
        }
        kept.getEvaluationBuilder()
                .addTexts(MeasuredText.newBuilder().setText("pages.txt").setProtocol("wikitext"))
                .addTexts(MeasuredText.newBuilder()
                        .setText("evaluation.txt")
                        .setProtocol("window-256")
                        .setLimit(3));
        kept.getEvaluationBuilder().addPrompts("It was a").setPromptTokens(8);
        PruneRequest.Builder masked = Requests.recovery(MASKED).toBuilder();
        masked.getPruningBuilder().clearUnitRatio().setTarget("2:4");
        masked.getRecoveryBuilder().setKeepUnrecovered(true);
        PruneRequest.Builder depth = Requests.recovery(DEPTH).toBuilder();
        depth.clearScoring();
        depth.getPruningBuilder().setTarget("layers").setUnitRatio(0.2);
        depth.getRecoveryBuilder().clearLocal().getLoraBuilder().setSteps(10).setBatch(8);
        stack.client().submit(masked.build());
        stack.client().submit(depth.build());
        stack.client().submit(Requests.recovery(PARALLEL));
        stack.client().submit(sequential.build());
        stack.client().submit(kept.build());
        stack.client().submit(Requests.magnitude(WITHOUT));
    }

    @ParameterizedTest
    @ValueSource(strings = {PARALLEL, SEQUENTIAL})
    void theRecovererTakesTheJobOverBetweenPrunerAndEvaluator(String job) {
        // When
        end(job);

        // Then
        assertThat(stack.log().events(job).stream().map(JobEvent::getStage).distinct())
                .containsExactly("scorer", "pruner", "recoverer", "evaluator");
        assertThat(activities(job, "pruner")).containsExactly("prune");
        assertThat(activities(job, "recoverer")).containsExactly("teach", "distil", "recover", "commit");
        assertThat(stack.log().events(job).stream()
                        .filter(event -> event.getProgress().getActivity().equals("distil"))
                        .map(event -> event.getProgress().getTasksTotal())
                        .distinct())
                .containsExactly(job.equals(PARALLEL) ? LAYERS : 1);
    }

    @Test
    void aJobWithoutARecoveryDoesNotMeetTheRecoverer() {
        // When
        JobEvent end = end(WITHOUT);

        // Then
        assertThat(stack.log().events(WITHOUT).stream().map(JobEvent::getStage).distinct())
                .containsExactly("scorer", "pruner", "evaluator");
        assertThat(end.getCompleted().hasUnrecovered()).isFalse();
        assertThat(end.getCompleted().hasRecovery()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {PARALLEL, SEQUENTIAL})
    void theReportSetsTheDenseAgainstThePrunedAndTheRecoveredModel(String job) {
        // When
        EvaluationReport report = end(job).getCompleted();

        // Then
        ModelMeasurement before = report.getUnrecovered();
        ModelMeasurement after = report.getPruned();
        assertThat(List.of(report.getDense(), before, after))
                .allSatisfy(
                        model -> assertThat(model.getPerplexity()).isFinite().isGreaterThan(1));
        assertThat(after.getParameters())
                .isEqualTo(before.getParameters())
                .isLessThan(report.getDense().getParameters());
        assertThat(report.getRecovery().getWindows()).isEqualTo(16);
        assertThat(report.getRecovery().getTextSha256())
                .isEqualTo(
                        job.equals(PARALLEL)
                                ? ""
                                : Digests.sha256(stack.folders().texts().resolve("pages.txt")));
        assertThat(report.getRecovery().getLocal().getSteps()).isEqualTo(10);
        assertThat(report.getRecovery().getLocal().getOrder())
                .isEqualTo(job.equals(PARALLEL) ? "parallel" : "sequential");
        assertThat(report.getRecovery().getLocal().getLayersList())
                .extracting(LayerRecovery::getLayer)
                .containsExactlyElementsOf(IntStream.range(0, LAYERS).boxed().toList());
    }

    @Test
    void theUnrecoveredModelIsTheOneThatTheSameJobWithoutARecoveryMakes() {
        // When
        EvaluationReport recovered = end(PARALLEL).getCompleted();
        EvaluationReport plain = end(WITHOUT).getCompleted();

        // Then
        assertThat(recovered.getUnrecovered()).isEqualTo(plain.getPruned());
    }

    @Test
    void theArtifactTellsOfItsRecoveryUnderItsManifest() {
        // When
        end(PARALLEL);

        // Then
        Path artifact = stack.folders().artifacts().resolve(PARALLEL);
        Manifest manifest = Manifest.read(artifact);
        assertThat(String.valueOf(manifest.recovery())).contains("\"windows\":16");
        assertThat(manifest.files()).containsKeys("config.json", "scores.safetensors", "tokenizer.json", "README.md");
        assertThat(artifact.resolve("README.md"))
                .content()
                .contains("## What was removed", "## How it was recovered", "on 16 windows");
    }

    @Test
    void whatIsKeptLiesBesideWhatWasRecoveredAndBothAreComplete() throws IOException {
        // When
        EvaluationReport first = end(KEPT).getCompleted();

        // Then
        assertThat(Stream.of(first, first.getFurther(0))
                        .map(report -> report.getRecovery().getUnrecoveredOutput()))
                .containsExactly(KEPT + "-1-unrecovered", KEPT + "-2-unrecovered");
        for (String output : List.of(KEPT + "-1", KEPT + "-2")) {
            Path recovered = stack.folders().artifacts().resolve(output);
            Path before = stack.folders().artifacts().resolve(output + "-unrecovered");
            assertThat(Manifest.read(before).recovery()).isNull();
            assertThat(Manifest.read(recovered).recovery()).isNotNull();
            assertThat(List.of(recovered, before)).allSatisfy(folder -> {
                assertThat(Manifest.filesOf(folder))
                        .isEqualTo(Manifest.read(folder).files());
                assertThat(Files.exists(folder.resolve("model-f16.gguf"))).isTrue();
            });
            try (Checkpoint one = Checkpoint.open(before);
                    Checkpoint other = Checkpoint.open(recovered)) {
                assertThat(other.tensors()).isEqualTo(one.tensors());
                assertThat(other.config().layers()).isEqualTo(one.config().layers());
            }
        }
    }

    @Test
    void weightsThatBecameZeroAreZeroBehindTheRecovery() {
        // When
        EvaluationReport report = end(MASKED).getCompleted();

        // Then
        Path recovered = stack.folders().artifacts().resolve(MASKED);
        Path before = stack.folders().artifacts().resolve(MASKED + "-unrecovered");
        Set<String> masked = Manifest.read(recovered).masks().keySet();
        assertThat(masked)
                .hasSize(7 * LAYERS)
                .isEqualTo(Manifest.read(before).masks().keySet());
        try (Checkpoint one = Checkpoint.open(before);
                Checkpoint other = Checkpoint.open(recovered)) {
            assertThat(masked).allSatisfy(tensor -> {
                float[] pruned = weights(one, tensor);
                float[] trained = weights(other, tensor);
                assertThat(trained).as(tensor).isNotEqualTo(pruned);
                assertThat(zeros(trained)).as(tensor).isEqualTo(zeros(pruned));
                for (int start = 0; start < trained.length; start += 4) {
                    assertThat(zeros(Arrays.copyOfRange(trained, start, start + 4))
                                    .cardinality())
                            .isGreaterThanOrEqualTo(2);
                }
            });
        }
        assertThat(List.of(report.getDense(), report.getUnrecovered(), report.getPruned()))
                .allSatisfy(
                        model -> assertThat(model.getPerplexity()).isFinite().isGreaterThan(1));
        assertThat(report.getPruned().getNonzeroParameters())
                .isEqualTo(report.getUnrecovered().getNonzeroParameters())
                .isLessThan(report.getDense().getNonzeroParameters());
        assertThat(recovered.resolve("README.md")).content().contains("(2:4)", "is still zero, in the same places");
    }

    @Test
    void aModelThatLostALayerLearnsByAdapters() {
        // When
        EvaluationReport report = end(DEPTH).getCompleted();

        // Then
        assertThat(report.getPruned().getPerplexity())
                .isLessThan(report.getUnrecovered().getPerplexity());
        try (Checkpoint recovered = Checkpoint.open(stack.folders().artifacts().resolve(DEPTH))) {
            assertThat(recovered.config().layers()).hasSize(LAYERS - 1);
        }
    }

    private static float[] weights(Checkpoint checkpoint, String tensor) {
        try (Scope scope = Scope.open()) {
            return StoredWeights.read(checkpoint, tensor, scope).floats();
        }
    }

    /** Which weights are +0, bit for bit. */
    private static BitSet zeros(float[] weights) {
        BitSet zeros = new BitSet();
        for (int i = 0; i < weights.length; i++) {
            zeros.set(i, Float.floatToRawIntBits(weights[i]) == 0);
        }
        return zeros;
    }

    /** The dense model's accuracies are those that lm-evaluation-harness found. */
    @Test
    void everyModelOfTheJobIsAskedTheQuestions() throws IOException {
        // When
        EvaluationReport first = end(KEPT).getCompleted();

        // Then
        assertThat(List.of(first, first.getFurther(0))).allSatisfy(report -> {
            assertThat(report.getZeroShot().getTasksList())
                    .extracting(
                            ZeroShotTask::getTask,
                            ZeroShotTask::getQuestions,
                            task -> task.getDense().getAccuracy(),
                            task -> task.getDense().getNormalized(),
                            task -> task.getUnrecovered().getAnswersList().stream()
                                    .mapToInt(Integer::intValue)
                                    .sum())
                    .containsExactly(tuple("piqa", 5, 0.4, 0.2, 5), tuple("winogrande", 5, 0.6, 0.0, 5));
            assertThat(report.getZeroShot().getDense().getPublished()).isCloseTo(0.4, within(1e-12));
        });
        Path measurements = stack.folders().artifacts().resolve("reports").resolve(KEPT);
        assertThat(Files.readAllLines(measurements.resolve("piqa-0.jsonl")))
                .hasSize(5)
                .allSatisfy(line -> assertThat(line)
                        .contains(
                                "\"model\":\"dense\"",
                                "\"model\":\"" + KEPT + "-1\"",
                                "\"model\":\"" + KEPT + "-1-unrecovered\"",
                                "\"model\":\"" + KEPT + "-2-unrecovered\""));
        assertThat(measurements.resolve("results-dense.json")).content().contains("\"acc_norm,none\" : 0.2");
        assertThat(measurements.resolve("results-unrecovered-2.json")).exists();
    }

    /** Of the pages, lm-evaluation-harness finds 1029.60 and 6.0139 for the dense model. */
    @Test
    void everyModelOfTheJobIsMeasuredOnEachTextByItsProtocol() {
        // When
        EvaluationReport first = end(KEPT).getCompleted();

        // Then
        assertThat(List.of(first, first.getFurther(0))).allSatisfy(report -> {
            TextPerplexity pages = report.getTexts(0);
            assertThat(pages.getProtocol()).isEqualTo("wikitext");
            assertThat(pages.getDense().getWordPerplexity()).isCloseTo(1029.604, within(0.05));
            assertThat(pages.getDense().getBytePerplexity()).isCloseTo(6.01394, within(1e-4));
            assertThat(List.of(pages.getPruned(), pages.getUnrecovered()))
                    .allSatisfy(model -> assertThat(model.getBitsPerByte()).isBetween(2.0, 6.0));
            TextPerplexity windows = report.getTexts(1);
            assertThat(windows.getPredictions()).isEqualTo(3 * 255);
            assertThat(windows.getSplit()).isEqualTo("held-out");
            assertThat(List.of(windows.getPruned(), windows.getUnrecovered())).allSatisfy(model -> {
                assertThat(model.getPerplexity())
                        .isGreaterThan(windows.getDense().getPerplexity());
                assertThat(model.getDivergence()).isPositive();
                assertThat(model.getAgreement()).isBetween(0.1, 0.999);
            });
        });
        assertThat(first.getTexts(0).getPruned())
                .isNotEqualTo(first.getFurther(0).getTexts(0).getPruned());
        assertThat(stack.folders().artifacts().resolve("reports").resolve(KEPT).resolve("evaluation-2.json"))
                .content()
                .contains("\"word_perplexity\"", "\"zero_shot\"", "\"request\"");
    }

    @Test
    void everyModelOfTheJobContinuesThePrompts() {
        // When
        EvaluationReport first = end(KEPT).getCompleted();

        // Then
        List<Sample> samples = Stream.of(first, first.getFurther(0))
                .map(report -> report.getSamples().getSamples(0))
                .toList();
        assertThat(samples).allSatisfy(sample -> {
            assertThat(sample.getPrompt()).isEqualTo("It was a");
            assertThat(List.of(sample.getDense(), sample.getPruned(), sample.getUnrecovered()))
                    .allSatisfy(written -> assertThat(written.getGreedy()).isNotBlank())
                    .allSatisfy(written -> assertThat(written.getDrawn()).isNotBlank());
        });
        assertThat(samples.get(0).getDense()).isEqualTo(samples.get(1).getDense());
    }

    private static JobEvent end(String job) {
        JobEvent end = stack.awaitEnd(job);
        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        return end;
    }

    /** What a stage did for a job, in order. */
    private static List<String> activities(String job, String stage) {
        return stack.log().events(job).stream()
                .filter(event -> event.getStage().equals(stage) && event.hasProgress())
                .map(event -> event.getProgress().getActivity())
                .distinct()
                .toList();
    }
}
