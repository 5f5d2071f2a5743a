package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.EspalierException;
import io.espalier.v1.Budget;
import io.espalier.v1.Calibration;
import io.espalier.v1.Evaluation;
import io.espalier.v1.Export;
import io.espalier.v1.GradientSource;
import io.espalier.v1.LocalRecovery;
import io.espalier.v1.LoraRecovery;
import io.espalier.v1.MeasuredText;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Recovery;
import io.espalier.v1.Scoring;
import io.espalier.v1.Search;
import io.espalier.v1.TaskData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class RequestOptionsTest {
    @TempDir
    Path folder;

    @Test
    void everyFieldOfARequestHasAFlag() {
        // When
        PruneRequest request = parse(
                ("--id a --model m --output o --seed 7 --priority -3 --calibration c --text-field body --windows per-document --no-bos --samples 8 --sequence-length 16 --criterion fms"
                                + " --controls off --magnitude-p 2 --gradient zeroth-order --distribution gaussian --draws 4"
                                + " --epsilon 0.01 --unit-ratio 0.5 --layers 1:5 --allocation uniform --search-effort estimate --attention-unit query-head --only mlp --attention-round-to 2 --round-to 16 --compensation"
                                + " none --compensation-target own --evaluation e --evaluation-field page --evaluation-length 32"
                                + " --evaluation-windows 9 --evaluation-runtime espalier --skip-speed --parameter-ratio 0.2 --bytes 6000000000 --target 2:4"
                                + " --sparsity 0.4 --linears mlp,q_proj --selection sequential --compare backprop"
                                + " --scores-of earlier --form product --weight 2 --runtime vllm --gguf q8_0"
                                + " --recover --recover-order sequential --recover-steps 5 --recover-batch 3 --recover-rate 0.1 --recover-samples 40 --recover-text r --recover-field body"
                                + " --lora-rank 4 --lora-alpha 8 --lora-linears q_proj,down_proj --lora-objective next-token --lora-steps 6 --lora-batch 2"
                                + " --lora-rate 0.2 --lora-warmup 1 --keep-unrecovered"
                                + " --task piqa=p.jsonl --task arc_easy=t/a=b.jsonl --task-limit 7"
                                + " --perplexity window-2048=w.raw --perplexity wikitext=t/a=b.raw --perplexity-limit 5 --prompt once --prompt upon --prompt-tokens 9")
                        .split(" "));

        // Then
        assertThat(request)
                .isEqualTo(PruneRequest.newBuilder()
                        .setRequestId("a")
                        .setModel("m")
                        .setOutput("o")
                        .setSeed(7)
                        .setPriority(-3)
                        .setCalibration(Calibration.newBuilder()
                                .setText("c")
                                .setTextField("body")
                                .setWindows("per-document")
                                .setBos(false)
                                .setSamples(8)
                                .setSequenceLength(16))
                        .setScoring(Scoring.newBuilder()
                                .setCriterion("fms")
                                .setControls("off")
                                .setMagnitudeP(2)
                                .setGradient(GradientSource.newBuilder()
                                        .setSource("zeroth-order")
                                        .setDistribution("gaussian")
                                        .setDraws(4)
                                        .setEpsilon(0.01)
                                        .setCompare("backprop"))
                                .setForm("product")
                                .setWeight(2)
                                .setScoresOf("earlier"))
                        .setPruning(Pruning.newBuilder()
                                .setUnitRatio(0.5)
                                .setLayers("1:5")
                                .setAllocation("uniform")
                                .setSearch(Search.newBuilder().setEffort("estimate"))
                                .setAttentionUnit("query-head")
                                .setOnly("mlp")
                                .setAttentionRoundTo(2)
                                .setRoundTo(16)
                                .setCompensation("none")
                                .setCompensationTarget("own")
                                .setParameterRatio(0.2)
                                .setBytes(6_000_000_000L)
                                .setTarget("2:4")
                                .setSparsity(0.4)
                                .addAllLinears(List.of("mlp", "q_proj"))
                                .setSelection("sequential"))
                        .setEvaluation(Evaluation.newBuilder()
                                .setText("e")
                                .setTextField("page")
                                .setBos(false)
                                .setSequenceLength(32)
                                .setMaxWindows(9)
                                .setSkipSpeed(true)
                                .setRuntime("espalier")
                                .addPrompts("once")
                                .addPrompts("upon")
                                .setPromptTokens(9)
                                .addTexts(MeasuredText.newBuilder()
                                        .setProtocol("window-2048")
                                        .setText("w.raw")
                                        .setLimit(5))
                                .addTexts(MeasuredText.newBuilder()
                                        .setProtocol("wikitext")
                                        .setText("t/a=b.raw")
                                        .setLimit(5))
                                .addTasks(TaskData.newBuilder()
                                        .setTask("piqa")
                                        .setData("p.jsonl")
                                        .setLimit(7))
                                .addTasks(TaskData.newBuilder()
                                        .setTask("arc_easy")
                                        .setData("t/a=b.jsonl")
                                        .setLimit(7)))
                        .setExport(Export.newBuilder().setRuntime("vllm").setGguf("q8_0"))
                        .setRecovery(Recovery.newBuilder()
                                .setText("r")
                                .setTextField("body")
                                .setLocal(LocalRecovery.newBuilder()
                                        .setOrder("sequential")
                                        .setSteps(5)
                                        .setBatch(3)
                                        .setLearningRate(0.1))
                                .setLora(LoraRecovery.newBuilder()
                                        .setRank(4)
                                        .setAlpha(8)
                                        .addAllLinears(List.of("q_proj", "down_proj"))
                                        .setObjective("next-token")
                                        .setSteps(6)
                                        .setBatch(2)
                                        .setLearningRate(0.2)
                                        .setWarmupSteps(1))
                                .setSamples(40)
                                .setKeepUnrecovered(true))
                        .build());
        assertThat(request.getAllFields().keySet())
                .hasSameSizeAs(PruneRequest.getDescriptor().getFields());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--recover", "--recover local", "--recover --skip-speed"})
    void recoverAloneAsksForTheLocalRecoveryWithItsDefaults(String flags) {
        PruneRequest request = parse(flags.split(" "));

        assertThat(request.getRecovery())
                .isEqualTo(Recovery.newBuilder()
                        .setLocal(LocalRecovery.getDefaultInstance())
                        .build());
    }

    @Test
    void aRankAsksForAdaptersAlone() {
        Recovery recovery = parse("--lora-rank", "4").getRecovery();

        assertThat(recovery)
                .isEqualTo(Recovery.newBuilder()
                        .setLora(LoraRecovery.newBuilder().setRank(4))
                        .build());
    }

    @Test
    void anotherWayToRecoverIsRefusedNamingTheFlag() {
        assertThatThrownBy(() -> parse("--recover", "magic"))
                .isInstanceOf(EspalierException.class)
                .hasMessageStartingWith("--recover is \"magic\"; it must be local");
    }

    @Test
    void severalRatiosAreSeveralBudgets() {
        assertThat(parse("--unit-ratio", "0.2,0.5").getPruning())
                .isEqualTo(Pruning.newBuilder()
                        .addBudgets(Budget.newBuilder().setUnitRatio(0.2))
                        .addBudgets(Budget.newBuilder().setUnitRatio(0.5))
                        .build());
    }

    @Test
    void aFlagOverridesTheFileAndLeavesTheRestOfItAlone() throws Exception {
        // Given
        Path file = Files.writeString(folder.resolve("request.yaml"), """
                request_id: from-file
                model: llama
                pruning: {unit_ratio: 0.3, layers: all}
                """);

        // When
        PruneRequest request = parse("-f", file.toString(), "--unit-ratio", "0.5");

        // Then
        assertThat(request)
                .isEqualTo(PruneRequest.newBuilder()
                        .setRequestId("from-file")
                        .setModel("llama")
                        .setPruning(Pruning.newBuilder().setUnitRatio(0.5).setLayers("all"))
                        .build());
    }

    @Test
    void aMisspeltFieldIsNamedWithItsFile() throws Exception {
        // Given
        Path file = Files.writeString(folder.resolve("request.yaml"), "modle: llama\n");

        // When / Then
        assertThatThrownBy(() -> parse("-f", file.toString()))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("request.yaml")
                .hasMessageContaining("modle");
    }

    @Test
    void aFileThatIsTooLargeForARequestIsNamed() throws Exception {
        // Given
        Path file = Files.write(folder.resolve("large.yaml"), new byte[1_000_001]);

        // When / Then
        assertThatThrownBy(() -> parse("-f", file.toString()))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("large.yaml")
                .hasMessageContaining("1000000 bytes");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> parse("-f", folder.resolve("absent.yaml").toString()))
                .isInstanceOf(EspalierException.class)
                .hasMessageContaining("absent.yaml");
    }

    private static PruneRequest parse(String... arguments) {
        RequestOptions options = new RequestOptions();
        new CommandLine(new Mixed(options)).parseArgs(arguments);
        return options.request();
    }

    @CommandLine.Command
    private static final class Mixed {
        @CommandLine.Mixin
        @SuppressWarnings("UnusedVariable") // picocli reads it
        private final RequestOptions options;

        Mixed(RequestOptions options) {
            this.options = options;
        }
    }
}
