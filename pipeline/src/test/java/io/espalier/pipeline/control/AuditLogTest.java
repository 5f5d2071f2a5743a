package io.espalier.pipeline.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

class AuditLogTest {
    @Test
    void theLineSaysWhoDidWhatToWhatWithWhichOutcome() {
        assertThat(AuditLog.line("alice", "cancel", "job-1", Status.Code.OK))
                .isEqualTo("by=\"alice\" action=\"cancel\" on=\"job-1\" outcome=OK");
    }

    @Test
    void noCallerCanForgeALineOrTheEndOfAText() {
        // Given
        String forged = "job-1\" outcome=OK\r\nby=\"root\u2028\u202e\u0000";

        // When
        String line = AuditLog.line("mallory", "cancel", forged, Status.Code.NOT_FOUND);

        // Then
        assertThat(line)
                .isEqualTo("by=\"mallory\" action=\"cancel\" on=\"job-1? outcome=OK??by=?root???\" outcome=NOT_FOUND");
    }

    @Test
    void aLongTextIsCut() {
        assertThat(AuditLog.line("", "cancel", "x".repeat(60_000), Status.Code.NOT_FOUND))
                .hasSizeLessThan(300);
    }
}
