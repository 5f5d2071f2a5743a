package io.espalier.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.v1.EvaluationReport;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ReportCommandTest {
    @TempDir
    private Path artifacts;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private Path page = Path.of("");

    @BeforeEach
    void leaveAReport() throws Exception {
        Path folder = Files.createDirectories(artifacts.resolve("reports").resolve("job"));
        page = Files.writeString(folder.resolve("report.html"), "<!doctype html>");
    }

    @Test
    void aPageThatIsOpenedIsGivenToTheProgramOfThisMachine() throws Exception {
        Path opener = artifacts.resolve("opener");
        Files.writeString(opener, "#!/bin/sh\necho \"$1\" > '%s.opened'\n".formatted(opener));
        assertThat(opener.toFile().setExecutable(true)).isTrue();

        command(opener.toString()).execute("job", "--open", "--artifacts", artifacts.toString());

        assertThat(out.toString(StandardCharsets.UTF_8).strip()).isEqualTo(page.toString());
        assertThat(artifacts.resolve("opener.opened")).content().isEqualToIgnoringNewLines(page.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-such-program-anywhere", "false"})
    void whereNothingOpensAPageThePathIsPrintedAndTheFailureSaysWhatToDo(String opener) {
        CommandLine command = command(opener);
        StringBuilder failure = new StringBuilder();
        command.setExecutionExceptionHandler((e, failed, parsed) -> {
            failure.append(((CommandFailure) e).line());
            return ExitCode.UNREACHABLE;
        });

        int exitCode = command.execute("job", "--open", "--artifacts", artifacts.toString());

        assertThat(exitCode).isEqualTo(ExitCode.UNREACHABLE);
        assertThat(failure.toString()).startsWith("UNREACHABLE: " + opener).endsWith("in a browser yourself");
        assertThat(out.toString(StandardCharsets.UTF_8).strip()).isEqualTo(page.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"other", "../job", "job/../job"})
    void aJobWithoutAReportInTheFolderIsNamed(String job) {
        StringBuilder failure = new StringBuilder();
        CommandLine command = command("false");
        command.setExecutionExceptionHandler((e, failed, parsed) -> {
            failure.append(CommandFailure.invalid((EspalierException) e).line());
            return ExitCode.INVALID;
        });

        int exitCode = command.execute(job, "--artifacts", artifacts.toString());

        assertThat(exitCode).isEqualTo(ExitCode.INVALID);
        assertThat(failure.toString()).startsWith("NOT_FOUND: no report of a job " + job);
    }

    @Test
    void aTableEndsWithWhereThePageLies() {
        EvaluationReport report = EvaluationReport.newBuilder()
                .setReport("reports/job/report.html")
                .build();

        String text = ReportPlace.in(artifacts).behind("table", report);

        assertThat(text).isEqualTo("table\n\nreport    " + page);
    }

    @Test
    void whereTheArtifactRootIsUnknownThePathIsRelativeToIt() {
        EvaluationReport report = EvaluationReport.newBuilder()
                .setReport("reports/job/report.html")
                .build();

        Optional<Path> named = new ReportPlace(Optional.empty()).page(report);

        assertThat(named).contains(Path.of("reports", "job", "report.html"));
    }

    @Test
    void evaluationsOfEarlierVersionsNameNoPage() {
        String text = ReportPlace.in(artifacts).behind("table", EvaluationReport.getDefaultInstance());

        assertThat(text).isEqualTo("table");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret", "/etc/passwd", "reports/../../secret"})
    void aPageOutsideTheArtifactRootIsRefused(String path) {
        EvaluationReport report = EvaluationReport.newBuilder().setReport(path).build();

        for (ReportPlace place : new ReportPlace[] {ReportPlace.in(artifacts), new ReportPlace(Optional.empty())}) {
            assertThatThrownBy(() -> place.page(report))
                    .isInstanceOfSatisfying(EspalierException.class, e -> assertThat(e.code())
                            .isEqualTo(ErrorCode.MODEL_URI_FORBIDDEN));
        }
    }

    private CommandLine command(String opener) {
        Console console = new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                false);
        return new CommandLine(new ReportCommand(console, new Browser(opener)));
    }
}
