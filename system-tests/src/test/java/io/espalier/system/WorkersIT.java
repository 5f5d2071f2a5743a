package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.artifact.Manifest;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.TaskResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkersIT {
    private static final PruneRequest REQUEST = Requests.slowScoring("shared");

    @TempDir
    Path folder;

    /**
     * @param workers names of the scorers that finished a task
     * @param manifest its bytes as text, and so the digest of every file
     * @param completed the end of scoring, with the digest of every score file
     */
    private record Run(Set<String> workers, Outcome outcome, String manifest, ScoreFact completed) {}

    @Test
    void twoScorersGiveTheSameBytesAsOne() throws Exception {
        // Given
        Run alone = run(folder.resolve("one"), 1);

        // When
        Run together = run(folder.resolve("two"), 2);

        // Then
        assertThat(alone.workers()).containsExactly("scorer-1");
        assertThat(together.workers()).containsExactlyInAnyOrder("scorer-1", "scorer-2");
        assertThat(together.outcome()).isEqualTo(alone.outcome());
        assertThat(together.manifest()).isEqualTo(alone.manifest());
        assertThat(together.completed()).isEqualTo(alone.completed());
    }

    private static Run run(Path folder, int scorers) throws IOException, InterruptedException {
        try (Stack stack = Stack.start(Folders.of(folder), scorers)) {
            String job = REQUEST.getRequestId();
            stack.run(REQUEST);
            new PipelineVerifier(stack).verifyWithCompletion();
            return new Run(
                    stack.log().results(job).stream()
                            .filter(result -> result.hasLossesCollected() || result.hasLayerScored())
                            .map(TaskResult::getWorker)
                            .collect(Collectors.toSet()),
                    Outcome.of(stack, job),
                    Files.readString(stack.folders().artifacts().resolve(job).resolve(Manifest.FILE)),
                    stack.log().scores(job).stream()
                            .filter(ScoreFact::hasCompleted)
                            .findFirst()
                            .orElseThrow());
        }
    }
}
