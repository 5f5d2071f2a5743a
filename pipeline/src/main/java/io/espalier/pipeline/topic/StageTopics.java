package io.espalier.pipeline.topic;

import io.espalier.v1.JobState;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The topics of one stage, by their names without prefix, as {@code topics.yaml} declares them.
 *
 * @param stage name of the stage in events, metrics and client ids: "scorer"
 * @param state of a job that this stage owns
 * @param intake topic of records that become jobs here; null for a stage that takes jobs over from another
 * @param input facts that hand a job over to this stage
 * @param tasks work queue of its workers
 * @param results what its workers say of their tasks
 * @param facts what it hands on
 */
public record StageTopics(
        String stage,
        JobState state,
        @Nullable String intake,
        String input,
        String tasks,
        String results,
        String facts) {

    /** @throws IllegalArgumentException if {@code topics.yaml} declares no such stage */
    public static StageTopics named(String stage) {
        return find(stage).orElseThrow(() -> new IllegalArgumentException("no stage " + stage + " in topics.yaml"));
    }

    /** Empty for a stage that this version does not know. */
    public static Optional<StageTopics> find(String stage) {
        return TopicFile.declared().stages().stream()
                .filter(declared -> declared.stage().equals(stage))
                .findFirst();
    }
}
