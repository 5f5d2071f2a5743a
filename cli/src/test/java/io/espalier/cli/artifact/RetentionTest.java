package io.espalier.cli.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.artifact.StoredFolder.Kind;
import io.espalier.v1.Job;
import io.espalier.v1.JobState;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Scoring;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final Instant NOW = Instant.parse("2026-03-31T12:00:00Z");
    private static final Instant OLD = NOW.minus(Duration.ofDays(31));
    private static final Instant YOUNG = NOW.minus(Duration.ofDays(29));

    private final Retention retention = new Retention(
            Duration.ofDays(30),
            NOW,
            List.of(
                    job("ended", JobState.COMPLETED, PruneRequest.getDefaultInstance()),
                    job("failed", JobState.FAILED, PruneRequest.getDefaultInstance()),
                    job(
                            "running",
                            JobState.PRUNING,
                            PruneRequest.newBuilder()
                                    .setModel("artifacts/llama/third")
                                    .setScoring(Scoring.newBuilder().setScoresOf("scored"))
                                    .build())));

    @Test
    void whatIsOlderIsDeletedWhetherItsJobIsRememberedOrNot() {
        assertThat(kept(Kind.ARTIFACT, "small", "ended", OLD)).isEmpty();
        assertThat(kept(Kind.ARTIFACT, "small", "long-forgotten", OLD)).isEmpty();
        assertThat(kept(Kind.REPORTS, "reports/long-forgotten", "long-forgotten", OLD))
                .isEmpty();
        assertThat(kept(Kind.WORK, "work/failed", "failed", OLD)).isEmpty();
        assertThat(kept(Kind.MEASURED, ".measured/ab12", "", OLD)).isEmpty();
    }

    @Test
    void whatIsYoungerIsKept() {
        assertThat(kept(Kind.ARTIFACT, "small", "ended", YOUNG)).contains("it is younger");
        assertThat(kept(Kind.REPORTS, "reports/ended", "ended", YOUNG)).contains("it is younger");
    }

    @Test
    void nothingOfARunningJobIsDeleted() {
        assertThat(kept(Kind.ARTIFACT, "first-budget", "running", OLD)).contains("its job is running");
        assertThat(kept(Kind.REPORTS, "reports/running", "running", OLD)).contains("its job is running");
        assertThat(kept(Kind.WORK, "work/running", "running", OLD)).contains("its job is running");
    }

    @Test
    void anArtifactThatARunningJobReadsIsKept() {
        assertThat(kept(Kind.ARTIFACT, "scored", "ended", OLD)).contains("a running job uses its scores");
        assertThat(kept(Kind.ARTIFACT, "llama/third", "ended", OLD)).contains("a running job may read it as its model");
        assertThat(kept(Kind.ARTIFACT, "ird", "ended", OLD)).isEmpty();
    }

    @Test
    void aFolderThatMayBeSomebodyElsesIsKept() {
        assertThat(kept(Kind.WORK, "work/taxes", "taxes", OLD)).isPresent();
        assertThat(kept(Kind.REPORTS, "reports/2025", "", OLD)).isPresent();
    }

    @Test
    void whatAnInterruptedDeletionLeftIsDeletedWhateverItsAge() {
        assertThat(kept(Kind.DELETED, "work/deleted-1", "deleted-1", YOUNG)).isEmpty();
    }

    private Optional<String> kept(Kind kind, String name, String job, Instant written) {
        return retention.kept(new StoredFolder(kind, name, job, written, 1));
    }

    private static Job job(String id, JobState state, PruneRequest request) {
        return Job.newBuilder().setJobId(id).setState(state).setRequest(request).build();
    }
}
