package io.espalier.recoverer.domain;

import java.util.List;

/** What comes next in recovering models. */
public sealed interface RecoverStep {
    /**
     * A wave of tasks that may run at the same time.
     *
     * @param activity what the tasks do, in progress displays
     */
    record Run(String activity, List<RecoverTask> tasks) implements RecoverStep {
        public Run {
            tasks = List.copyOf(tasks);
        }
    }

    /** From here on the artifacts stay, even if the job is cancelled. */
    record Commit(List<RecoverTask.Commit> tasks) implements RecoverStep {
        public Commit {
            tasks = List.copyOf(tasks);
        }
    }

    /** @param models one per budget, in the order of the request */
    record Done(List<Recovered> models) implements RecoverStep {
        public Done {
            models = List.copyOf(models);
        }
    }

    /** A committed model and what was done to it. */
    record Recovered(RecoveredModel model, RecoveryReport report) {}
}
