package io.espalier.evaluator.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.espalier.base.Progress;
import io.espalier.job.Inspection;
import io.espalier.model.artifact.FolderArtifactStore;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.model.evaluation.ScoredSequence;
import io.espalier.model.evaluation.SequenceLikelihoods;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether something was taken or measured is seen by measuring another model under the first one's digest. */
class DenseLikelihoodsTest {
    private static final Path DEMO = Path.of("..", "deploy", "demo");
    private static final List<ScoredSequence> SEQUENCES =
            List.of(new ScoredSequence(new int[] {5, 9, 300, 12}, 2), new ScoredSequence(new int[] {7, 8, 9}, 1));

    @TempDir
    private Path folder;

    private final Checkpoint dense = Checkpoint.open(DEMO.resolve("llama"));
    private final Checkpoint other = Checkpoint.open(DEMO.resolve("opt"));
    private final Inspection inspection = Inspections.of(dense);
    private FolderArtifactStore artifacts;

    @BeforeEach
    void measureOnce() {
        artifacts = new FolderArtifactStore(folder);
        new DenseLikelihoods(artifacts, inspection, "1").of(dense, SEQUENCES, Progress.SILENT);
    }

    @AfterEach
    void close() {
        dense.close();
        other.close();
    }

    @Test
    void theSameQuestionAgainIsNotComputedAgain() {
        // When
        double[] again = new DenseLikelihoods(artifacts, inspection, "1").of(other, SEQUENCES, Progress.SILENT);

        // Then
        assertThat(again).containsExactly(measured(dense, SEQUENCES), within(1e-6));
    }

    @Test
    void anotherQuestionVersionOrMachineIsMeasured() {
        // Given
        List<ScoredSequence> asked = List.of(SEQUENCES.get(0), new ScoredSequence(new int[] {7, 8, 9}, 2));

        // When
        double[] questions = new DenseLikelihoods(artifacts, inspection, "1").of(other, asked, Progress.SILENT);
        double[] version = new DenseLikelihoods(artifacts, inspection, "2").of(other, SEQUENCES, Progress.SILENT);
        double[] threads =
                new DenseLikelihoods(artifacts, Inspections.of(dense, 1), "1").of(other, SEQUENCES, Progress.SILENT);

        // Then
        assertThat(questions).containsExactly(measured(other, asked), within(1e-6));
        assertThat(version).containsExactly(measured(other, SEQUENCES), within(1e-6));
        assertThat(threads).containsExactly(measured(other, SEQUENCES), within(1e-6));
    }

    private double[] measured(Checkpoint model, List<ScoredSequence> sequences) {
        return new SequenceLikelihoods(model, inspection.computation().budget()).of(sequences, Progress.SILENT);
    }
}
