package io.espalier.pipeline.stage;

import com.google.protobuf.Message;
import io.espalier.v1.ArtifactCommitted;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.Task;
import java.util.List;

/** What comes next for a job at a stage. */
public sealed interface Step {
    /**
     * Tasks that may run at the same time; the next step is asked for when all have a result.
     *
     * @param activity what the tasks do, for people: "score-layer"
     * @param committed artifacts that are decided: a cancel no longer stops these tasks and the artifacts stay
     * @param tasks at least one; job id, task id and work set
     * @param carried tasks that are not issued: one of the others brings their results as it goes along
     */
    record Run(String activity, List<ArtifactCommitted> committed, List<Task> tasks, List<Task> carried)
            implements Step {
        /** Tasks that each bring their own result. */
        public Run(String activity, List<Task> tasks) {
            this(activity, List.of(), tasks, List.of());
        }

        public Run {
            committed = List.copyOf(committed);
            tasks = List.copyOf(tasks);
            carried = List.copyOf(carried);
            if (tasks.isEmpty()) {
                throw new IllegalArgumentException("a step without tasks would never end");
            }
        }
    }

    /** The stage is done: its output fact gives the job to the next stage. */
    record HandOver(Message fact) implements Step {}

    /** The job is done. */
    record Complete(EvaluationReport report) implements Step {}
}
