package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrokerRestartFaultIT extends FaultStack {
    @ParameterizedTest
    @ValueSource(strings = {"collect", "score-layer", "prune"})
    void aJobGoesOnWhenTheBrokerWasAwayInTheMiddleOf(String activity) throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-scoring", Requests::slowScoring);
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
