package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExitStatusTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFileThatShrankUnderAMappingEndsAProcessBySigbus() {
        assertThat(ExitStatus.words(135)).isEqualTo("was stopped by signal 7 (SIGBUS)");
    }

    @ParameterizedTest
    @CsvSource({
        "0, stopped with exit code 0",
        "42, stopped with exit code 42",
        "134, was stopped by signal 6 (SIGABRT)",
        "139, was stopped by signal 11 (SIGSEGV)",
        "137, was stopped by signal 9 (SIGKILL)",
        "143, was stopped by signal 15 (SIGTERM)",
        "255, stopped with exit code 255"
    })
    void anExitValueIsToldAsACodeOrASignal(int exitValue, String told) {
        // When
        String words = ExitStatus.words(exitValue);

        // Then
        assertThat(words).isEqualTo(told);
    }
}
