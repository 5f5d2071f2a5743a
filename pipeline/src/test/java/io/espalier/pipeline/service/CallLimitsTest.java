package io.espalier.pipeline.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CallLimitsTest {
    @Test
    void aCallerMayMakeTheCallsOfASecondAtOnceAndNoMore() {
        CallLimits limits = new CallLimits(5);

        List<Boolean> admitted =
                Stream.generate(() -> limits.admits("a")).limit(7).toList();

        assertThat(admitted).containsExactly(true, true, true, true, true, false, false);
    }

    @Test
    void theCallsOfOneAreNotTakenFromAnother() {
        CallLimits limits = new CallLimits(1);
        limits.admits("a");

        boolean admitted = limits.admits("b");

        assertThat(admitted).isTrue();
    }
}
