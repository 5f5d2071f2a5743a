package io.espalier.evaluator.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.RecoveryReport;
import org.junit.jupiter.api.Test;

class EvaluatorStageTest {
    private static final PrunedCheckpoint COMMITTED = PrunedCheckpoint.newBuilder()
            .setJobId("job")
            .setRequest(PruneRequest.newBuilder().setPriority(7))
            .setOutput("small")
            .build();

    @Test
    void aStagedCheckpointIsLeftToTheRecoverer() throws Exception {
        PrunedCheckpoint staged =
                COMMITTED.toBuilder().setStaging("work/job/staging/a").build();

        assertThat(new EvaluatorStage().start(staged.toByteArray())).isEmpty();
    }

    @Test
    void aCommittedCheckpointIsTakenInTheOrderOfItsPriority() throws Exception {
        assertThat(new EvaluatorStage().start(COMMITTED.toByteArray()))
                .hasValueSatisfying(start -> assertThat(start.priority()).isEqualTo(7));
    }

    @Test
    void theUnrecoveredModelIsReadFromItsArtifactWhereThatIsKept() {
        PrunedCheckpoint kept = recovered(RecoveryReport.newBuilder().setUnrecoveredOutput("small-unrecovered"));

        assertThat(EvaluationMapper.unrecovered(kept))
                .contains(new EvaluationWork.Unrecovered.Kept("small-unrecovered"));
    }

    @Test
    void theUnrecoveredModelIsReadFromItsStagingOtherwise() {
        PrunedCheckpoint staged = recovered(RecoveryReport.newBuilder().setUnrecoveredStaging("work/job/staging/a"));

        assertThat(EvaluationMapper.unrecovered(staged))
                .contains(new EvaluationWork.Unrecovered.Staged("work/job/staging/a"));
        assertThat(EvaluationMapper.unrecovered(COMMITTED)).isEmpty();
    }

    private static PrunedCheckpoint recovered(RecoveryReport.Builder report) {
        return COMMITTED.toBuilder().setRecovery(report).build();
    }
}
