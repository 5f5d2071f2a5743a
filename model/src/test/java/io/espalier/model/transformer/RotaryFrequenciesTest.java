package io.espalier.model.transformer;

import static io.espalier.model.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.espalier.base.ErrorCode;
import io.espalier.model.checkpoint.Rope;
import org.junit.jupiter.api.Test;

class RotaryFrequenciesTest {
    private static final int HEAD_DIM = 64;

    @Test
    void frequenciesFallGeometricallyFromOneTowardsTheInverseOfTheta() {
        double[] plain = of("default", parameters());

        assertThat(plain).hasSize(HEAD_DIM / 2);
        assertThat(plain[0]).isEqualTo(1);
        assertThat(plain[16]).isCloseTo(Math.pow(500_000, -0.5), within(1e-12));
    }

    @Test
    void linearScalingDividesEveryFrequencyByTheFactor() {
        double[] scaled = of("linear", parameters().put("factor", 4));

        double[] plain = of("default", parameters());
        for (int i = 0; i < plain.length; i++) {
            assertThat(scaled[i]).isCloseTo(plain[i] / 4, within(1e-15));
        }
    }

    /** Llama 3.1's settings. The expected values come from the formula in its released code, written with wavelengths. */
    @Test
    void llama3ScalingKeepsHighFrequenciesDividesLowOnesAndInterpolatesBetween() {
        ObjectNode parameters = parameters()
                .put("factor", 8)
                .put("low_freq_factor", 1)
                .put("high_freq_factor", 4)
                .put("original_max_position_embeddings", 8192);

        double[] scaled = of("llama3", parameters);

        double[] plain = of("default", parameters());
        int blended = 0;
        for (int i = 0; i < plain.length; i++) {
            double wavelength = 2 * Math.PI / plain[i];
            double expected;
            if (wavelength < 8192 / 4.0) {
                expected = plain[i];
            } else if (wavelength > 8192) {
                expected = plain[i] / 8;
            } else {
                double smooth = (8192 / wavelength - 1) / 3;
                expected = (1 - smooth) * plain[i] / 8 + smooth * plain[i];
                blended++;
            }
            assertThat(scaled[i]).isCloseTo(expected, within(1e-15));
        }
        assertThat(blended).isPositive();
    }

    @Test
    void unknownScalingIsRefusedByName() {
        assertFails(ErrorCode.MODEL_UNSUPPORTED, () -> of("yarn", parameters())).contains("yarn", "llama3");
    }

    @Test
    void scalingWithoutItsFactorIsRefusedNamingTheFactor() {
        assertFails(ErrorCode.MODEL_CORRUPT, () -> of("linear", parameters())).contains("factor");
    }

    private static double[] of(String type, ObjectNode parameters) {
        return RotaryFrequencies.of(new Rope(type, 500_000, parameters), HEAD_DIM)
                .perPair();
    }

    private static ObjectNode parameters() {
        return JsonNodeFactory.instance.objectNode();
    }
}
