package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.artifact.Manifest;
import io.espalier.pipeline.job.JobView;
import io.espalier.v1.JobEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * What must hold of a stack whatever happened to it, once the jobs have had time to end: every accepted request ends in
 * exactly one terminal event, and its artifact is complete or absent.
 */
final class PipelineVerifier {
    private static final Set<String> NO_ARTIFACTS = Set.of("work", "reports", ".measured");

    private final Stack stack;

    PipelineVerifier(Stack stack) {
        this.stack = stack;
    }

    /** Checks every job the stack has accepted so far. */
    void verify() {
        List<String> jobs = stack.log().acceptedJobs();
        jobs.forEach(stack::awaitEnd);
        awaitNoWork();
        jobs.forEach(this::endsOnce);
        assertThat(artifacts())
                .as("every artifact folder belongs to a committed job")
                .isEqualTo(committed(jobs));
        artifacts().forEach(this::isComplete);
    }

    /** Checks every job as {@link #verify} does, and that not all of them failed. */
    void verifyWithCompletion() {
        verify();
        assertThat(stack.log().acceptedJobs()).as("at least one job completed").anySatisfy(job -> assertThat(
                        stack.awaitEnd(job).hasCompleted())
                .isTrue());
    }

    private void endsOnce(String job) {
        List<JobEvent> events = stack.log().events(job);
        assertThat(stack.log().terminalEvents(job))
                .as("terminal events of %s", job)
                .hasSize(1);
        assertThat(JobView.isTerminal(events.get(events.size() - 1)))
                .as("the terminal event of %s is its last", job)
                .isTrue();
        assertThat(stack.log().evaluations(job))
                .as("evaluations of %s", job)
                .hasSize(stack.awaitEnd(job).hasCompleted() ? 1 : 0);
    }

    private Set<String> committed(List<String> jobs) {
        return jobs.stream()
                .flatMap(job -> stack.log().events(job).stream())
                .filter(JobEvent::hasArtifactCommitted)
                .map(event -> event.getArtifactCommitted().getOutput())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Set<String> artifacts() {
        return names(stack.folders().artifacts()).stream()
                .filter(name -> !NO_ARTIFACTS.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void isComplete(String output) {
        Path folder = stack.folders().artifacts().resolve(output);
        assertThat(Manifest.filesOf(folder))
                .as("files of %s are those of its manifest", output)
                .isEqualTo(Manifest.read(folder).files());
    }

    /** The services tidy up when they hear of the end, not before they say it. */
    private void awaitNoWork() {
        Awaitility.await("work of ended jobs is gone")
                .atMost(Stack.LIMIT)
                .pollDelay(Duration.ZERO)
                .untilAsserted(() -> assertThat(names(stack.folders().work())).isEmpty());
    }

    private static Set<String> names(Path folder) {
        if (!Files.exists(folder)) {
            return Set.of();
        }
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
