package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerAwayFaultIT {
    @TempDir
    Path folder;

    @Test
    void aWorkerThatCouldNotReportItsTaskInTimeGoesOnWhenTheBrokerIsBack() throws Exception {
        try (Stack stack = Stack.start(
                Folders.of(folder),
                1,
                "-Dkafka.max.block.ms=1000",
                "-Dkafka.request.timeout.ms=2000",
                "-Dkafka.delivery.timeout.ms=3000")) {
            // Given
            stack.client().submit(Requests.slowScoring("patient"));
            stack.awaitEvent(
                    "patient", event -> event.getProgress().getActivity().equals("collect"));
            stack.stopBroker();
            stack.awaitLogged("scorer", "could not publish a result");

            // When
            stack.restartBroker();

            // Then
            JobEvent end = stack.awaitEnd("patient");
            assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
            assertThat(stack.log().deadLetters()).isEmpty();
            new PipelineVerifier(stack).verifyWithCompletion();
        }
    }
}
