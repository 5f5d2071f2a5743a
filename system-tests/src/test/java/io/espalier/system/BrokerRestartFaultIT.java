package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerRestartFaultIT {
    @TempDir
    static Path folder;

    private static Stack stack;
    private static Outcome faultFree;

    @BeforeAll
    static void runWithoutFault() throws Exception {
        stack = Stack.start(Folders.of(folder), 1);
        stack.run(Requests.slowScoring("fault-free"));
        faultFree = Outcome.of(stack, "fault-free");
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    @AfterEach
    void everyPromiseHolds() {
        new PipelineVerifier(stack).verifyWithCompletion();
    }

    @ParameterizedTest
    @ValueSource(strings = {"collect", "score-layer", "prune"})
    void aJobGoesOnWhenTheBrokerWasAwayInTheMiddleOf(String activity) throws Exception {
        // Given
        stack.client().submit(Requests.slowScoring(activity));
        stack.awaitEvent(activity, event -> event.getProgress().getActivity().equals(activity));

        // When
        stack.stopBroker();
        stack.restartBroker();

        // Then
        JobEvent end = stack.awaitEnd(activity);
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(Outcome.of(stack, activity)).isEqualTo(faultFree);
        assertThat(stack.log().deadLetters()).isEmpty();
    }
}
