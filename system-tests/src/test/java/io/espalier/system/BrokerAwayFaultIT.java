package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BrokerAwayFaultIT extends FaultStack {
    private ServiceProcess impatient;

    /** The other scorers, whose producers wait for longer, are paused. */
    @BeforeEach
    void theOnlyScorerAtWorkDoesNotWaitForTheBroker() throws Exception {
        tellTheScorers(ControlClient::pause);
        impatient = stack.services()
                .launch(
                        "scorer",
                        "-Dkafka.max.block.ms=1000",
                        "-Dkafka.request.timeout.ms=2000",
                        "-Dkafka.delivery.timeout.ms=3000");
        stack.services().awaitReady();
    }

    @AfterEach
    void theOthersWorkAgain() {
        Services.terminate(impatient);
        tellTheScorers(ControlClient::resume);
    }

    private static void tellTheScorers(BiConsumer<ControlClient, String> command) {
        try (ControlClient control = ControlClient.of(stack.service("evaluator"))) {
            stack.workers("scorer").forEach(scorer -> command.accept(control, scorer));
        }
    }

    @Test
    void aWorkerThatCouldNotReportItsTaskInTimeGoesOnWhenTheBrokerIsBack() throws Exception {
        // Given
        stack.client().submit(Requests.slowScoring("patient"));
        stack.awaitEvent("patient", event -> event.getProgress().getActivity().equals("collect"));
        stack.stopBroker();
        Services.awaitLogged(impatient, "could not publish a result");

        // When
        stack.restartBroker();

        // Then
        JobEvent end = stack.awaitEnd("patient");
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(stack.log().deadLetters()).isEmpty();
        assertThat(impatient.isAlive()).isTrue();
    }
}
