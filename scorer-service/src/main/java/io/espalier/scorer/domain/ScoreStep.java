package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.model.artifact.StoredFile;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The next step in scoring a model. */
public sealed interface ScoreStep {
    /** The activity of the wave that scores the layers. */
    String SCORING = "score-layer";

    /**
     * A wave of tasks that may run at the same time.
     *
     * @param activity name of the activity in progress displays
     * @param tasks the tasks that workers run
     * @param carried tasks that no worker runs, because one of {@code tasks} reports their results while it runs
     */
    record Run(String activity, List<ScoreTask> tasks, List<ScoreTask> carried) implements ScoreStep {
        Run(String activity, List<ScoreTask> tasks) {
            this(activity, tasks, List.of());
        }

        public Run {
            tasks = List.copyOf(tasks);
            carried = List.copyOf(carried);
        }
    }

    /**
     * Every layer has its scores.
     *
     * @param scores the file of each layer in scope, by the layer's index; empty where the pruner chooses the weights
     * @param controls rank correlations of the controls with the criterion
     */
    record Done(Inspection inspection, SortedMap<Integer, StoredFile> scores, List<ScoreResult.ControlRanks> controls)
            implements ScoreStep {
        public Done {
            scores = Collections.unmodifiableSortedMap(new TreeMap<>(scores));
            controls = List.copyOf(controls);
        }
    }
}
