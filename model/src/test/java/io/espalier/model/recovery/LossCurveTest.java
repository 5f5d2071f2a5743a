package io.espalier.model.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LossCurveTest {
    private static final LossCurve CURVE = new LossCurve(
            List.of(
                    new LossCurve.Point(0, 0, 0.5),
                    new LossCurve.Point(10, 0.4, 0.3),
                    new LossCurve.Point(20, 0.3, 0.2),
                    new LossCurve.Point(30, 0.2, 0.25)),
            20);

    @Test
    void whatATrainingGaveIsJudgedByTheWeightsThatWereKept() {
        assertThat(CURVE.before()).isEqualTo(0.5);
        assertThat(CURVE.after()).isEqualTo(0.2);
    }

    @Test
    void itsEndsAndItsBestPointSayTheSame() {
        LossCurve shorter = CURVE.endsAndBest();

        assertThat(shorter.points()).extracting(LossCurve.Point::step).containsExactly(0, 20, 30);
        assertThat(shorter.before()).isEqualTo(CURVE.before());
        assertThat(shorter.after()).isEqualTo(CURVE.after());
    }
}
