package io.espalier.model.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HalvesTest {
    @Test
    void everyHalfIsTheNearestOneToItself() {
        // given
        int different = 0;

        // when
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Halves.toFloat((short) bits);
            if (!Float.isNaN(value) && Halves.ofFloat(value) != (short) bits) {
                different++;
            }
        }

        // then
        assertThat(different).isZero();
    }

    @Test
    void knowsTheValuesOfTheStandard() {
        assertThat(Halves.toFloat((short) 0x3c00)).isEqualTo(1f);
        assertThat(Halves.toFloat((short) 0xc000)).isEqualTo(-2f);
        assertThat(Halves.toFloat((short) 0x7bff)).isEqualTo(65504f);
        assertThat(Halves.toFloat((short) 0x0400)).isEqualTo(0x1p-14f);
        assertThat(Halves.toFloat((short) 0x0001)).isEqualTo(0x1p-24f);
        assertThat(Halves.toFloat((short) 0x7c00)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Halves.toFloat((short) 0x7e00)).isNaN();
    }

    @Test
    void roundsToTheNearestHalfAndTiesToEven() {
        // given
        SplittableRandom random = new SplittableRandom(1);

        // when, then
        for (int i = 0; i < 200_000; i++) {
            float value = Math.scalb((float) random.nextDouble(1, 2), random.nextInt(-26, 15));
            short half = Halves.ofFloat(value);
            double error = Math.abs((double) value - Halves.toFloat(half));
            double up = Math.abs((double) value - Halves.toFloat((short) (half + 1)));
            double down = half == 0 ? Double.MAX_VALUE : Math.abs((double) value - Halves.toFloat((short) (half - 1)));
            assertThat(error).as("%s", value).isLessThanOrEqualTo(Math.min(up, down));
        }
        assertThat(Halves.ofFloat(1 + 0x1p-11f)).as("between 1 and the next").isEqualTo((short) 0x3c00);
        assertThat(Halves.ofFloat(1 + 3 * 0x1p-11f)).isEqualTo((short) 0x3c02);
        assertThat(Halves.ofFloat(0x1p-25f)).as("half of the smallest").isEqualTo((short) 0);
    }

    @Test
    void isInfiniteFromWhereTheNextHalfWouldBe() {
        assertThat(Halves.ofFloat(65519.99f)).isEqualTo((short) 0x7bff);
        assertThat(Halves.ofFloat(65520f)).isEqualTo((short) 0x7c00);
        assertThat(Halves.isFinite((short) 0x7bff)).isTrue();
        assertThat(Halves.isFinite((short) 0xfc00)).isFalse();
    }

    @Test
    void roundsBrainFloatsTiesToEven() {
        assertThat(Halves.brainOfFloat(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
        assertThat(Halves.brainOfFloat(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
        assertThat(Halves.brainOfFloat(Float.intBitsToFloat(0x3f808001))).isEqualTo((short) 0x3f81);
        assertThat(Halves.brainToFloat((short) 0x3f80)).isEqualTo(1f);
        assertThat(Halves.brainToFloat(Halves.brainOfFloat(Float.NaN))).isNaN();
    }
}
