package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EspalierTest {
    private static final String ARTIFACTS = "../system-tests/src/test/resources/upgrade/8acdd61/ended/artifacts";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "prun                                                        | prun",
                "prune --model m --calibration c --unit-ratio many                | --unit-ratio",
                "prune --calibration c --unit-ratio 0.3                           | model",
                "prune --model m --unit-ratio 0.3                                 | calibration.text",
                "prune --model m --calibration c --unit-ratio 0.3 --id ../x       | request_id",
                "watch                                                       | JOB",
                "show a --bootstrap                                          | --bootstrap"
            })
    void whatCannotBeUsedIsNamedInOneLineBeforeAnythingStarts(String command, String named) {
        // When
        int exitCode = run(command.split(" +"));

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains(named);
    }

    @Test
    void aBrokerThatDoesNotAnswerHasItsOwnExitCode() {
        // When
        int exitCode = run("jobs", "--bootstrap", "127.0.0.1:9", "--timeout", "1");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("UNREACHABLE: ", "127.0.0.1:9");
    }

    @Test
    void aShellCanCompleteTheOptions() {
        int exitCode = run("generate-completion");

        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("complete -F _complete_espalier", "--unit-ratio");
    }

    @Test
    void artifactsAreListedWithoutABroker() {
        // When
        int exitCode = run("jobs", "--from-artifacts", ARTIFACTS);

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .containsPattern("units-obs +units-obs-small +llama +\\S+ +[0-9,]+  perplexity [0-9.]+ → ");
    }

    @Test
    void artifactsAreListedAsJson() {
        // When
        int exitCode = run("jobs", "--json", "--from-artifacts", ARTIFACTS);

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .hasSize(8)
                .allMatch(line -> line.startsWith("{\"job_id\":\"") && line.contains("\"evaluation\":{\"job_id\":"));
    }

    @Test
    void aFolderOfArtifactsThatDoesNotExistIsNamed() {
        // When
        int exitCode = run("jobs", "--from-artifacts", "no-such-folder");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("--from-artifacts no-such-folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--tokens=0", "--temperature=-1", "--temperature=NaN"})
    void textIsNotGeneratedWithSettingsThatMakeNoSense(String option) {
        int exitCode = run("generate", "no-such-folder", "a prompt", option);

        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(option.substring(0, option.indexOf('=')));
    }

    @Test
    void helpListsEveryCommand() {
        // When
        int exitCode = run("--help");

        // Then
        assertThat(exitCode).isEqualTo(ExitCode.OK);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("up", "demo", "prune", "watch", "jobs", "show", "cancel", "tail");
    }

    private int run(String... arguments) {
        Console console = new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        return Espalier.commandLine(console).execute(arguments);
    }
}
