package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.PrunedCheckpoint;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class FactLineTest {
    @Test
    void aProtobufFactIsPrintedAsJson() {
        // Given
        byte[] fact = PrunedCheckpoint.newBuilder()
                .setJobId("job-1")
                .setProfile("uniform")
                .build()
                .toByteArray();

        // When
        String line = FactLine.of("pruned-checkpoints", "job-1", fact, new RecordHeaders());

        // Then
        assertThat(line)
                .startsWith("{\"job_id\":\"job-1\"")
                .contains("\"profile\":\"uniform\"")
                .doesNotContain("\n");
    }

    @Test
    void aRequestThatCameAsJsonIsPrintedOnOneLine() {
        // Given
        byte[] request = "{\n  \"model\": \"llama\"\n}".getBytes(StandardCharsets.UTF_8);
        RecordHeaders headers = new RecordHeaders();
        headers.add("content-type", "application/json".getBytes(StandardCharsets.UTF_8));

        // When
        String line = FactLine.of("prune-requests", "job-1", request, headers);

        // Then
        assertThat(line).isEqualTo("{\"model\":\"llama\"}");
    }

    @Test
    void aDeadLetterIsPrintedWithItsReasonAndItsBytes() {
        // Given
        RecordHeaders headers = new RecordHeaders();
        headers.add("dlt-reason", "not a prune request".getBytes(StandardCharsets.UTF_8));

        // When
        String line = FactLine.of("prune-requests-dlt", null, new byte[] {1, 2, 3}, headers);

        // Then
        assertThat(line)
                .isEqualTo("{\"key\":null,\"headers\":{\"dlt-reason\":\"not a prune request\"},\"value\":\"AQID\"}");
    }

    @Test
    void bytesThatAreNoMessageOfTheirTopicAreStillShown() {
        // When
        String line = FactLine.of("evaluations", "job-1", new byte[] {-1}, new RecordHeaders());

        // Then
        assertThat(line).isEqualTo("{\"key\":\"job-1\",\"headers\":{},\"value\":\"/w==\"}");
    }
}
