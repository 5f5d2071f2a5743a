package io.espalier.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExitStatusTest {
    @ParameterizedTest
    @CsvSource({
        "0, stopped with exit code 0",
        "42, stopped with exit code 42",
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
