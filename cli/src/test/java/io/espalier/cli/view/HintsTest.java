package io.espalier.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Pruning;
import io.espalier.v1.Recovery;
import org.junit.jupiter.api.Test;

class HintsTest {
    private static final Pruning USUAL = Pruning.newBuilder()
            .setTarget("units")
            .setCompensation("least-squares")
            .setAllocation("uniform")
            .build();

    @Test
    void aUniformJobWithoutRecoveryIsToldOfBoth() {
        assertThat(Hints.of(report(USUAL).build()))
                .startsWith("\n\nhint: --allocation searched")
                .contains("\nhint: --recover ");
    }

    @Test
    void aJobThatDidAllOfItIsToldNothing() {
        EvaluationReport.Builder report =
                report(USUAL.toBuilder().setAllocation("searched").build());
        report.getRequestBuilder().setRecovery(Recovery.getDefaultInstance());

        assertThat(Hints.of(report.build())).isEmpty();
    }

    @Test
    void aPapersRecipeIsLeftAlone() {
        assertThat(Hints.of(report(USUAL.toBuilder().setCompensation("bias").build())
                        .build()))
                .isEmpty();
    }

    @Test
    void aJobJudgedByItsCalibrationTextIsToldSo() {
        EvaluationReport.Builder report =
                report(Pruning.newBuilder().setTarget("2:4").build());
        report.getProtocolBuilder().setSplit("calibration");

        assertThat(Hints.of(report.build())).contains("hint: name a text that nothing was chosen on");
    }

    private static EvaluationReport.Builder report(Pruning pruning) {
        return EvaluationReport.newBuilder()
                .setRequest(PruneRequest.newBuilder().setPruning(pruning));
    }
}
