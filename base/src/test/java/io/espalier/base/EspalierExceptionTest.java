package io.espalier.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EspalierExceptionTest {
    @Test
    void aMessageIsOnePrintableLineOfBoundedLength() {
        // When
        String lines = new EspalierException(ErrorCode.INVALID_ARGUMENT, "a\n  b\tc\u001b[1m\u202e").getMessage();
        String tail = new EspalierException(ErrorCode.INVALID_ARGUMENT, "x".repeat(5_000)).getMessage();

        // Then
        assertThat(lines).isEqualTo("a b?c?[1m?");
        assertThat(tail).hasSize(1_000).endsWith("x…");
    }
}
