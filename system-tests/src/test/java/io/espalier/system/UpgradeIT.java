package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The services of this build go on from what commit 8acdd61 left in Kafka and on disk. */
class UpgradeIT {
    private static final Path FIXTURES = Path.of("src/test/resources/upgrade/8acdd61");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"killed, unread scoring committing evaluating", "killed-in-chain, chaining"})
    void everyJobInFlightAtAnEarlierBuildEndsAtThisOne(String name, String jobs) throws Exception {
        // Given
        Path recorded = FIXTURES.resolve(name);
        Folders folders = new Folders(
                folder.resolve("state"),
                FIXTURES.resolve("inputs/models").toAbsolutePath(),
                FIXTURES.resolve("inputs/texts").toAbsolutePath(),
                folder.resolve("artifacts"));
        Folders.copy(recorded.resolve("artifacts"), folders.artifacts());

        // When
        try (Stack stack = Stack.restore(folders, new Recording(recorded))) {

            // Then
            assertThat(List.of(jobs.split(" ", -1))).allSatisfy(job -> {
                stack.awaitEnd(job);
                assertThat(stack.log().terminalEvents(job))
                        .extracting(JobEvent::getEventCase)
                        .containsExactly(EventCase.COMPLETED);
            });
            new PipelineVerifier(stack).verifyWithCompletion();
        }
    }
}
