package io.espalier.evaluator.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.Cancellation;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaModelsTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final LlamaModels.Setting SETTING = new LlamaModels.Setting(1, 64);

    @TempDir
    private Path folder;

    private LlamaModels.Comparison compare(LlamaCommand command, Duration deadline) throws LlamaFailure {
        try (LlamaModels models = LlamaModels.start(command, folder, deadline)) {
            Path file = folder.resolve("a file.gguf");
            return models.compare(file, file, SETTING, "some\ntext", 1, 10, 3);
        }
    }

    @Test
    void theMedianBehindOneUnmeasuredRunCounts() throws LlamaFailure {
        LlamaCommand command = FakeLlama.answering(
                "ready",
                "loaded",
                "tokens 4",
                "nanos 9000000000 9000000000",
                "nanos 1000000000 4000000000",
                "nanos 3000000000 2000000000",
                "nanos 2000000000 1000000000");

        LlamaModels.Comparison comparison = compare(command, LONG);

        assertThat(comparison.promptTokens()).isEqualTo(4);
        assertThat(comparison.dense().prefill()).isEqualTo((1 + 4) / 2.0);
        assertThat(comparison.dense().decode()).isEqualTo(10 / 2.0);
        assertThat(comparison.pruned().decode()).isEqualTo(10 / 2.0);
    }

    @ParameterizedTest
    @CsvSource({
        "missing no libgomp.so.1, true,  llama.cpp does not load on this machine: no libgomp.so.1",
        "die,                     false, the process of llama.cpp ended with status 134: GGML_ASSERT(n_layer > 0) failed",
    })
    void aProcessThatDoesNotGetReadySaysWhy(String first, boolean unusable, String reason) {
        assertThatThrownBy(() -> compare(FakeLlama.answering(first), LONG))
                .isInstanceOfSatisfying(LlamaFailure.class, failure -> assertThat(failure.isUnusable())
                        .isEqualTo(unusable))
                .hasMessage(reason);
    }

    @ParameterizedTest
    @CsvSource({
        "failed could not load model, llama.cpp failed: could not load model",
        "die,                         GGML_ASSERT",
        "tokens 3,                    llama.cpp failed",
    })
    void aModelThatDoesNotLoadIsAFailureWithItsReason(String answer, String reason) {
        assertThatThrownBy(() -> compare(FakeLlama.answering("ready", answer), LONG))
                .isInstanceOfSatisfying(LlamaFailure.class, failure -> assertThat(failure.isUnusable())
                        .isFalse())
                .hasMessageContaining(reason);
    }

    @Test
    void aProcessThatHangsIsEndedAtTheDeadline() {
        assertThatThrownBy(() -> compare(FakeLlama.answering("hang"), Duration.ofSeconds(1)))
                .isInstanceOf(LlamaFailure.class)
                .hasMessage("llama.cpp did not answer within 1 seconds");

        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void aCancelEndsTheWaitForAProcess() {
        Cancellation cancellation = new Cancellation();
        cancellation.request("no longer wanted");

        assertThatThrownBy(() -> cancellation.around(() -> {
                    try {
                        return compare(FakeLlama.answering("hang"), LONG);
                    } catch (LlamaFailure e) {
                        throw new AssertionError(e);
                    }
                }))
                .isInstanceOfSatisfying(
                        EspalierException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));

        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"same 16 false, 16, false", "same 5 true, 5, true", "same 0 false, 0, false"})
    void theAgreementIsWhatTheProcessFinds(String answer, int tokens, boolean ended) throws LlamaFailure {
        LlamaModels.Agreement agreement = LlamaModels.agreement(
                FakeLlama.answering("ready", "loaded", "tokens 4", answer),
                folder.resolve("model.gguf"),
                SETTING,
                "text",
                new int[16],
                LONG);

        assertThat(agreement).isEqualTo(new LlamaModels.Agreement(tokens, ended));
    }

    @Test
    void theLibrarysProcessEndsWithItsInput() throws Exception {
        Process process = new ProcessBuilder(LlamaCommand.ofThisProcess().in(folder)).start();

        process.getOutputStream().close();

        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    }

    @Test
    void aServiceFindsItsJarsBesideTheOneItRunsFrom() {
        String app = Path.of("/opt/espalier").toString();

        String path = LlamaCommand.classPath(app + File.separator + "quarkus-run.jar");

        assertThat(path.split(File.pathSeparator))
                .containsExactly(app + "/app/*", app + "/lib/main/*", app + "/lib/boot/*");
    }

    @Test
    void aFullDiskIsFoundBeforeAnythingIsWritten() {
        assertThatThrownBy(() -> TemporaryFolder.create(folder, Long.MAX_VALUE))
                .isInstanceOf(LlamaFailure.class)
                .hasMessageContaining("9,223,372,036,854,775,807 bytes are needed");

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void thePeakOfAProcessIsTheSystemsRecord() throws Exception {
        Path status =
                Files.writeString(folder.resolve("status"), "VmPeak:\t 5000 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n");

        assertThat(ProcessMemory.peak(status)).isEqualTo(2048 * 1024);
        assertThat(ProcessMemory.peak(folder.resolve("none"))).isZero();
    }
}
