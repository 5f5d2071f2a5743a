package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.model.artifact.StoredFile;
import java.util.List;

/** What comes next in scoring a model. */
public sealed interface ScoreStep {
    /** Activity of the wave that scores the layers. */
    String SCORING = "score-layer";

    /**
     * Tasks that may run at the same time.
     *
     * @param activity for people
     * @param carried tasks whose results one of the others brings as it goes along
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
     * @param scores one file per pruned layer, in layer order
     */
    record Done(Inspection inspection, List<StoredFile> scores, List<ScoreResult.ControlRanks> controls)
            implements ScoreStep {
        public Done {
            scores = List.copyOf(scores);
            controls = List.copyOf(controls);
        }
    }
}
