package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.espalier.model.artifact.Manifest;
import io.espalier.model.checkpoint.Checkpoint;
import io.espalier.pipeline.job.JobView;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.JobEvent;
import io.espalier.v1.StageJob;
import io.espalier.v1.Task;
import io.espalier.v1.TaskState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What commit 8acdd61 left behind can be read by this build. */
class UpgradeFixturesTest {
    private static final Path FIXTURES = Path.of("src/test/resources/upgrade/8acdd61");

    /** Bytes that are no request, to be kept as they were. */
    private static final Set<String> OPAQUE = Set.of("prune-requests-dlt");

    private static Parser<? extends Message> parser(String topic) {
        return topic.endsWith("-changelog")
                ? StageJob.parser()
                : TopicFile.declared()
                        .topic(topic.replaceFirst("-dlt$", ""))
                        .orElseThrow(() -> new AssertionError("no topic " + topic))
                        .parser();
    }

    private static Recording recording(String name) {
        return new Recording(FIXTURES.resolve(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ended", "killed", "killed-in-chain"})
    void everyMessageIsReadWithoutAFieldLeftOver(String name) throws IOException {
        for (String topic : recording(name).topicsWithRecords()) {
            if (OPAQUE.contains(topic)) {
                continue;
            }
            var parser = DiscardUnknownFieldsParser.wrap(parser(topic));
            for (RecordedRecord record : recording(name).records(topic)) {
                if (record.value() == null || (topic.equals("prune-requests") && !record.hasHeader("ce_type"))) {
                    continue;
                }
                assertThat(parser.parseFrom(record.value()).getSerializedSize())
                        .as("%s %d/%d", topic, record.partition(), record.offset())
                        .isEqualTo(record.value().length);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ended, units-fms=COMPLETED units-obs=COMPLETED units-worth=COMPLETED masks-wanda=COMPLETED"
                + " masks-sparsegpt=COMPLETED layers=COMPLETED reuse=COMPLETED failed=FAILED cancelled=CANCELLED",
        "killed, scoring=SCORING committing=PRUNING evaluating=EVALUATING",
        "killed-in-chain, chaining=SCORING",
    })
    void theEventsOfEachJobFoldToTheStateItHad(String name, String expected) throws IOException {
        Map<String, JobView> jobs = new TreeMap<>();
        for (RecordedRecord record : recording(name).records("job-events")) {
            JobEvent event = JobEvent.parseFrom(record.value());
            jobs.put(
                    event.getJobId(),
                    jobs.getOrDefault(event.getJobId(), JobView.NONE).after(event));
        }

        assertThat(jobs.entrySet().stream()
                        .map(job -> job.getKey() + "=" + job.getValue().job().getState()))
                .containsExactlyInAnyOrder(expected.split(" ", -1));
    }

    @ParameterizedTest
    @CsvSource({
        "killed,          scorer,    score-tasks,      scoring",
        "killed,          pruner,    prune-tasks,      committing",
        "killed,          evaluator, evaluation-tasks, evaluating",
        "killed-in-chain, scorer,    score-tasks,      chaining",
    })
    void aJobInFlightHasItsStateInTheChangelogAndItsTasksOnTheTopic(
            String name, String stage, String taskTopic, String job) throws IOException {
        StageJob state = StageJob.getDefaultInstance();
        for (RecordedRecord record : recording(name).records("espalier-" + stage + "-jobs-changelog")) {
            if (job.equals(record.key())) {
                state = StageJob.parseFrom(record.value());
            }
        }
        List<Task> issued = new ArrayList<>();
        for (RecordedRecord record : recording(name).records(taskTopic)) {
            issued.add(Task.parseFrom(record.value()));
        }

        assertThat(state.getPhase()).isEqualTo(StageJob.Phase.ACTIVE);
        assertThat(state.getWaves(state.getWavesCount() - 1).getTasksList())
                .filteredOn(task -> !task.hasResult() && !task.getCarried())
                .isNotEmpty()
                .extracting(TaskState::getTask)
                .isSubsetOf(issued);
    }

    @ParameterizedTest
    @CsvSource({"ended, 8", "killed, 3"})
    void everyArtifactOpensWithTheFilesItsManifestNames(String name, int artifacts) throws IOException {
        List<Path> folders;
        try (var files = Files.walk(FIXTURES.resolve(name))) {
            folders = files.filter(file -> file.endsWith(Manifest.FILE))
                    .map(Path::getParent)
                    .toList();
        }

        assertThat(folders).hasSize(artifacts).allSatisfy(folder -> {
            assertThat(Manifest.filesOf(folder)).isEqualTo(Manifest.read(folder).files());
            try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                assertThat(checkpoint.tensors()).isNotEmpty();
            }
        });
    }
}
