package io.espalier.scorer.domain;

import io.espalier.model.checkpoint.StoredFile;
import io.espalier.pipeline.request.Inspection;
import java.util.List;

/** What comes next in scoring a model. */
public sealed interface ScoreStep {
    /**
     * Tasks that may run at the same time.
     *
     * @param activity for people
     */
    record Run(String activity, List<ScoreTask> tasks) implements ScoreStep {
        public Run {
            tasks = List.copyOf(tasks);
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
