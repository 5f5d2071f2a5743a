package io.espalier.evaluator.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.evaluator.llama.FakeLlama;
import io.espalier.evaluator.llama.LlamaCommand;
import io.espalier.job.JobSpec;
import io.espalier.job.SpeedRuntime;
import io.espalier.job.Target;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Budget;
import io.espalier.model.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.NullSource;

class SpeedWorkTest {
    private static final Path DEMO =
            Path.of("..", "deploy", "demo").toAbsolutePath().normalize();
    private static final LlamaCommand UNUSED = FakeLlama.answering("die");

    @TempDir
    private Path temporary;

    @ParameterizedTest
    @NullSource
    @EnumSource(names = "LLAMA_CPP")
    void aModelOfTheDemoIsMeasuredInLlamaCpp(@Nullable SpeedRuntime asked) throws IOException {
        Speeds speeds = measure("llama", asked, LlamaCommand.ofThisProcess());

        assertThat(speeds.runtime()).isEqualTo("llama.cpp");
        assertThat(speeds.version()).isEqualTo("b4916");
        assertThat(speeds.weightType()).isEqualTo("bf16");
        assertThat(speeds.prefillTokens()).isEqualTo(tokens());
        assertThat(List.of(speeds.dense(), speeds.pruned())).allSatisfy(model -> {
            assertThat(model.prefill()).isPositive();
            assertThat(model.decode()).isPositive();
        });
        assertThat(speeds.notes())
                .containsExactly("in fp32 llama.cpp generates the same 16 tokens behind the prompt as espalier");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void whatAGgufFileCannotExpressIsMeasuredInTheOwnEngineAndToldSo() throws IOException {
        Speeds speeds = measure("opt", null, UNUSED);

        assertThat(speeds.runtime()).isEqualTo("espalier");
        assertThat(speeds.dense().decode()).isPositive();
        assertThat(speeds.notes()).singleElement().asString().contains("own engine", "opt");
    }

    @Test
    void aMachineWithoutTheLibraryMeasuresInTheOwnEngine() throws IOException {
        Speeds speeds = measure("llama", null, FakeLlama.answering("missing no libgomp"));

        assertThat(speeds.runtime()).isEqualTo("espalier");
        assertThat(speeds.notes()).singleElement().asString().contains("no libgomp");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aProcessThatDiesLeavesTheSpeedsUnmeasuredWithItsReason() throws IOException {
        Speeds speeds = measure("llama", null, FakeLlama.answering("ready", "die"));

        assertThat(speeds.repetitions()).isZero();
        assertThat(speeds.runtime()).isEmpty();
        assertThat(speeds.dense()).isEqualTo(Speeds.Measured.NOT);
        assertThat(speeds.notes()).singleElement().asString().contains("not measured", "GGML_ASSERT");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aProcessThatDiesFailsTheJobThatNamesLlamaCpp() throws IOException {
        assertThatThrownBy(() -> measure("llama", SpeedRuntime.LLAMA_CPP, FakeLlama.answering("ready", "die")))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL))
                .hasMessageContainingAll("evaluation.runtime", "GGML_ASSERT");

        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aJobThatNamesTheOwnEngineStartsNoProcess() throws IOException {
        Speeds speeds = measure("llama", SpeedRuntime.ESPALIER, UNUSED);

        assertThat(speeds.runtime()).isEqualTo("espalier");
        assertThat(speeds.weightType()).isEqualTo("f32");
        assertThat(speeds.notes()).isEmpty();
    }

    /** Both models are the same one. */
    private Speeds measure(String model, @Nullable SpeedRuntime asked, LlamaCommand command) throws IOException {
        try (Checkpoint dense = Checkpoint.open(DEMO.resolve(model), DEMO);
                Checkpoint pruned = Checkpoint.open(DEMO.resolve(model), DEMO);
                Tokenizer tokenizer = Tokenizer.open(dense)) {
            int[] window = tokenizer.encode("The history of the town begins with a river and");
            return new SpeedWork(command, temporary, Duration.ofMinutes(2))
                    .measure(spec(model, asked), Inspections.of(dense), dense, pruned, window);
        }
    }

    private static int tokens() {
        try (Checkpoint dense = Checkpoint.open(DEMO.resolve("llama"), DEMO);
                Tokenizer tokenizer = Tokenizer.open(dense)) {
            return tokenizer.encode("The history of the town begins with a river and").length
                    + tokenizer.beginning().length;
        }
    }

    private static JobSpec spec(String model, @Nullable SpeedRuntime asked) {
        JobSpec.Text text = JobSpec.Text.of("text", 1, 16);
        return new JobSpec(
                "job",
                model,
                text,
                new JobSpec.Scoring(
                        "magnitude",
                        CriterionOptions.usual(),
                        new JobSpec.Gradient("", "gaussian", 8, 1e-3, false),
                        JobSpec.Controls.OFF,
                        ""),
                new JobSpec.Pruning(
                        "all", new Target.Layers(List.of(new Target.Variant("out", new Budget.UnitRatio(0.5))))),
                new JobSpec.Evaluation(
                        text, false, true, Optional.ofNullable(asked), List.of(), List.of(), JobSpec.Prompts.NONE),
                JobSpec.Export.TRANSFORMERS,
                Optional.empty(),
                0);
    }
}
