package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.artifact.Manifest;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.v1.Budget;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobEvent;
import io.espalier.v1.LayerShape;
import io.espalier.v1.LinearMask;
import io.espalier.v1.MaskedPerplexity;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.RankCorrelation;
import io.espalier.v1.ScoreFact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be taken out of a model besides units, and more than one checkpoint from one scoring. */
class TargetsIT extends SoundStack {
    private static final int LAYERS = 6;

    /**
     * One way to choose single weights with the small request.
     *
     * @param stays share of the chosen weights that stays
     */
    record Masks(String criterion, String source, String target, double sparsity, String linears, double stays) {
        PruneRequest request() {
            PruneRequest.Builder request = Requests.small(criterion + "-" + target.replace(':', '-')).toBuilder();
            request.getScoringBuilder()
                    .setCriterion(criterion)
                    .getGradientBuilder()
                    .setSource(source);
            request.getPruningBuilder().clearUnitRatio().setTarget(target).setSparsity(sparsity);
            if (!linears.isEmpty()) {
                request.getPruningBuilder().addLinears(linears);
            }
            return request.build();
        }
    }

    static List<Masks> masks() {
        return List.of(
                new Masks("dass", "", "2:4", 0, "", 0.5),
                new Masks("wanda", "", "4:8", 0, "all", 0.5),
                new Masks("magnitude", "", "unstructured", 0.4, "attention", 0.6),
                new Masks("gblm", "backprop", "2:4", 0, "down_proj", 0.5),
                new Masks("sparsegpt", "", "2:4", 0, "mlp", 0.5));
    }

    /** All at once: while one is pruned and evaluated, others are scored. */
    @BeforeAll
    static void publishEveryRequestForMasks() {
        masks().forEach(masks -> stack.client().submit(masks.request()));
    }

    @ParameterizedTest
    @MethodSource("masks")
    void singleWeightsBecomeZeroAsTheMasksOfTheScorerSay(Masks masks) {
        String job = masks.request().getRequestId();

        JobEvent end = stack.awaitEnd(job);

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        Map<String, LinearMask> announced = masksOf(job);
        assertThat(announced.values()).allSatisfy(mask -> assertThat((double) mask.getKept() / mask.getTotal())
                .isBetween(masks.stays() - 0.01, masks.stays() + 0.01));
        Path folder = stack.folders().artifacts().resolve(job);
        Map<String, String> applied = Manifest.read(folder).masks();
        if (!masks.criterion().equals("sparsegpt")) {
            assertThat(applied).isEqualTo(digests(announced));
        }
        assertThat(applied).isNotEmpty();
        EvaluationReport report = end.getCompleted();
        assertThat(report.getPruned().getParameters())
                .isEqualTo(report.getDense().getParameters());
        assertThat(report.getPruned().getNonzeroParameters())
                .isLessThan(report.getDense().getNonzeroParameters());
        assertThat(report.getProfile()).isEqualTo("uniform");
        assertThat(report.getPruned().getPerplexity()).isBetween(1.0, 2048.0);
    }

    private static Map<String, LinearMask> masksOf(String job) {
        return stack.log().scores(job).stream()
                .filter(ScoreFact::hasLayer)
                .flatMap(fact -> fact.getLayer().getMasksList().stream())
                .collect(Collectors.toMap(LinearMask::getTensor, mask -> mask));
    }

    private static Map<String, String> digests(Map<String, LinearMask> masks) {
        Map<String, String> digests = new TreeMap<>();
        masks.forEach((tensor, mask) -> digests.put(tensor, mask.getSha256()));
        return digests;
    }

    @Test
    void layersOfAListLoseUnitsAndTheOthersNone() {
        PruneRequest.Builder request = Requests.small("layer-list").toBuilder();
        request.getPruningBuilder().setLayers("0,2,4-5");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        List<Integer> widths = end.getCompleted().getLayersList().stream()
                .map(LayerShape::getFfnChannels)
                .toList();
        assertThat(widths).containsExactly(352, 512, 352, 512, 352, 352);
    }

    @Test
    void forAnyRuntimeEveryLayerGetsOneShapeAndAGgufFileLiesBesideTheCheckpoint() {
        PruneRequest.Builder request = Requests.magnitude("any-runtime").toBuilder();
        request.getPruningBuilder().clearLayers();
        request.getExportBuilder().setRuntime("any");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        EvaluationReport report = end.getCompleted();
        assertThat(report.getProfile()).isEqualTo("uniform");
        assertThat(report.getLayersList()).hasSize(LAYERS).containsOnly(report.getLayers(0));
        Manifest manifest = Manifest.read(stack.folders().artifacts().resolve(report.getOutput()));
        assertThat(manifest.files()).containsKeys("model-f16.gguf", "model.safetensors", "README.md");
    }

    @Test
    void speedsAreThoseOfStockLlamaCppWhichWritesWhatWeWriteAndLeavesNoFiles() throws IOException {
        PruneRequest.Builder request = Requests.magnitude("in-llama-cpp").toBuilder();
        request.getEvaluationBuilder().clearSkipSpeed().setRuntime("llama.cpp");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        EvaluationReport report = end.getCompleted();
        assertThat(report.getProtocol().getRuntime()).isEqualTo("llama.cpp");
        assertThat(report.getProtocol().getRuntimeVersion()).isEqualTo("b4916");
        assertThat(report.getProtocol().getWeightType()).isEqualTo("bf16");
        assertThat(report.getProtocol().getThreads()).isPositive();
        assertThat(report.getProtocol().getNotesList())
                .singleElement()
                .asString()
                .contains("the same 16 tokens");
        assertThat(List.of(report.getDense(), report.getPruned())).allSatisfy(model -> {
            assertThat(model.getPrefillTokensPerSecond()).isPositive();
            assertThat(model.getDecodeTokensPerSecond()).isPositive();
        });
        Path temporary = stack.folders().state().resolve("tmp");
        try (Stream<Path> files = Files.list(temporary)) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("espalier-llama-"));
        }
    }

    @Test
    void wholeLayersGoByTheirBlockInfluenceAndTheOthersAreNumberedAnew() {
        PruneRequest.Builder request = Requests.small("layers").toBuilder();
        request.getPruningBuilder().setTarget("layers");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getLayersCount()).isEqualTo(LAYERS - 2);
        Path folder = stack.folders().artifacts().resolve("layers");
        assertThat(Manifest.read(folder).keptLayers()).hasSize(LAYERS - 2).doesNotHaveDuplicates();
        try (Checkpoint fewer = Checkpoint.open(folder)) {
            assertThat(fewer.tensors()).containsKey("model.layers.3.mlp.down_proj.weight");
            assertThat(fewer.tensors()).doesNotContainKey("model.layers.4.mlp.down_proj.weight");
        }
    }

    @ParameterizedTest
    @CsvSource({"wanda-sp", "obs"})
    void aSequentialSelectionSeesWhatEarlierLayersLost(String criterion) {
        PruneRequest.Builder request = Requests.small(criterion + "-one-shot").toBuilder();
        request.getScoringBuilder().setCriterion(criterion);
        stack.client().submit(request.build());
        request.setRequestId(criterion + "-sequential").getPruningBuilder().setSelection("sequential");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(stack.awaitEnd(criterion + "-one-shot").hasCompleted()).isTrue();
        List<io.espalier.v1.LayerScores> dense = layers(criterion + "-one-shot");
        List<io.espalier.v1.LayerScores> sequential = layers(criterion + "-sequential");
        // One-shot statistics may be computed in bf16, what is measured layer by layer is fp32.
        double first = distance(dense.get(0), sequential.get(0));
        assertThat(first).isLessThan(0.02);
        assertThat(distance(dense.get(LAYERS - 1), sequential.get(LAYERS - 1)))
                .isGreaterThan(Math.max(0.02, 3 * first));
    }

    /** Of the channels' scores, relative to the first ones'. */
    private static double distance(io.espalier.v1.LayerScores one, io.espalier.v1.LayerScores other) {
        double apart = 0;
        double norm = 0;
        for (int channel = 0; channel < one.getSets(0).getFfnCount(); channel++) {
            double score = one.getSets(0).getFfn(channel);
            apart += Math.pow(score - other.getSets(0).getFfn(channel), 2);
            norm += score * score;
        }
        return Math.sqrt(apart / norm);
    }

    private static List<io.espalier.v1.LayerScores> layers(String job) {
        return stack.log().scores(job).stream()
                .filter(ScoreFact::hasLayer)
                .map(ScoreFact::getLayer)
                .sorted((a, b) -> Integer.compare(a.getLayer(), b.getLayer()))
                .toList();
    }

    @Test
    void severalBudgetsMakeFromOneScoringWhatAJobForEachWouldMake() {
        PruneRequest.Builder several = Requests.small("several").toBuilder();
        several.getPruningBuilder()
                .clearUnitRatio()
                .addBudgets(Budget.newBuilder().setUnitRatio(0.34))
                .addBudgets(Budget.newBuilder().setParameterRatio(0.4).setOutput("smallest"));
        stack.client().submit(several.build());
        stack.run(Requests.small("single"));

        JobEvent end = stack.awaitEnd("several");

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getOutput()).isEqualTo("several-1");
        assertThat(end.getCompleted().getFurtherList()).singleElement().satisfies(smallest -> {
            assertThat(smallest.getOutput()).isEqualTo("smallest");
            assertThat(smallest.getPruned().getParameters())
                    .isLessThanOrEqualTo((long) (0.6 * smallest.getDense().getParameters()));
        });
        assertThat(files("several-1")).isEqualTo(files("single"));
        assertThat(layers("several")).hasSize(LAYERS);
    }

    @Test
    void scoresOfAnEarlierJobServeAnotherBudgetWithoutAScoringPass() {
        PruneRequest.Builder direct = Requests.small("direct").toBuilder();
        direct.getPruningBuilder().setUnitRatio(0.5);
        stack.client().submit(direct.build());
        stack.run(Requests.small("earlier"));
        PruneRequest.Builder again = direct.clone().setRequestId("again");
        again.getScoringBuilder().setScoresOf("earlier");

        JobEvent end = stack.run(again.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(stack.awaitEnd("direct").hasCompleted()).isTrue();
        assertThat(files("again")).isEqualTo(files("direct"));
        assertThat(collected("earlier")).isTrue();
        assertThat(collected("again")).isFalse();
    }

    private static boolean collected(String job) {
        return stack.log().events(job).stream()
                .anyMatch(event -> event.getProgress().getActivity().equals("collect"));
    }

    @Test
    void scoresThatWereMadeForOneBudgetAloneServeNoOther() {
        PruneRequest.Builder request = Requests.small("for-one-budget").toBuilder();
        request.getScoringBuilder().setCriterion("wanda-sp");
        request.getPruningBuilder().setSelection("sequential");
        stack.run(request.build());
        request.setRequestId("another-budget").getScoringBuilder().setScoresOf("for-one-budget");
        request.getPruningBuilder().clearSelection().setUnitRatio(0.5);

        JobEvent end = stack.run(request.build());

        assertThat(end.getFailed().getCode()).isEqualTo("INVALID_ARGUMENT");
        assertThat(end.getFailed().getMessage()).contains("scoring.scores_of", "sequentially");
    }

    /** Of everything but the manifest, which names the job. */
    private static Map<String, String> files(String output) {
        return Manifest.filesOf(stack.folders().artifacts().resolve(output));
    }

    @Test
    void theWorthOfAGradientIsShownByItsControlsAndByTheExactOne() {
        PruneRequest.Builder request = Requests.small("worth").toBuilder();
        request.getScoringBuilder()
                .setControls("perplexity")
                .getGradientBuilder()
                .setCompare("backprop");

        JobEvent end = stack.run(request.build());

        assertThat(end.hasCompleted()).as(end.toString()).isTrue();
        assertThat(end.getCompleted().getMaskedList())
                .extracting(MaskedPerplexity::getSet)
                .containsExactly("fms", "fms/none", "fms/noise", "fms/backprop");
        assertThat(end.getCompleted().getMaskedList())
                .allSatisfy(set -> assertThat(set.getPerplexity()).isBetween(1.0, 2048.0));
        assertThat(end.getCompleted().getControlsList())
                .extracting(RankCorrelation::getControl)
                .contains("fms/backprop");
    }
}
