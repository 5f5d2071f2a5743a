package io.espalier.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessorTimeTest {
    private static final ProcessorTime BEFORE = ProcessorTime.parse("cpu  100 20 50 9000 10 3 7 40 0 0");

    @Test
    void idleTimeIsNeitherUsedNorStolen() {
        assertThat(BEFORE).isEqualTo(new ProcessorTime(180, 40));
    }

    @Test
    void theStolenShareIsThatOfTheTimeSinceThenThatWasWanted() {
        ProcessorTime now = ProcessorTime.parse("cpu  160 20 60 9900 90 3 7 70 0 0");

        assertThat(now.stolenSince(BEFORE)).isEqualTo(0.3);
    }

    @Test
    void whereNothingRanNothingWasStolen() {
        assertThat(BEFORE.stolenSince(BEFORE)).isZero();
    }
}
