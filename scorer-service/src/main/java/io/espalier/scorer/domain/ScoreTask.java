package io.espalier.scorer.domain;

import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.List;

/** A unit of scoring work that one worker can run alone. */
public sealed interface ScoreTask {
    /** The id of the task, unique within its job. */
    String id();

    /** Checks every input of the job and reports shapes and digests. */
    record Inspect() implements ScoreTask {
        @Override
        public String id() {
            return "inspect";
        }
    }

    /** Collects the input statistics of every linear layer over the calibration windows [first, last). */
    record CollectStatistics(int first, int last) implements ScoreTask {
        @Override
        public String id() {
            return "statistics-%d-%d".formatted(first, last);
        }
    }

    /** Computes the pairs of losses of the zeroth-order draws [first, last), each over all calibration windows. */
    record CollectLosses(int first, int last) implements ScoreTask {
        @Override
        public String id() {
            return "losses-%d-%d".formatted(first, last);
        }
    }

    /**
     * Scores all layers in one pass through the model that cannot be split. The pass runs backward for exact gradients. It runs
     * forward for Hessians and for statistics that are measured after the layers before have been pruned. The task reports the
     * results of the layers' {@link ScoreLayer} tasks.
     *
     * @param statistics the same as for {@link ScoreLayer}
     * @param losses the same as for {@link ScoreLayer}
     */
    record Chain(List<StoredFile> statistics, List<DrawLosses> losses) implements ScoreTask {
        public Chain {
            statistics = List.copyOf(statistics);
            losses = List.copyOf(losses);
        }

        @Override
        public String id() {
            return "chain";
        }
    }

    /**
     * Takes the scores that an earlier job stored with its artifact. The task reports the results of the layers'
     * {@link ScoreLayer} tasks.
     */
    record Reuse() implements ScoreTask {
        @Override
        public String id() {
            return "reuse";
        }
    }

    /**
     * Scores one layer: reads its weights, rebuilds its gradient if the criterion needs one, and applies the criterion.
     *
     * @param statistics files of all statistics tasks in plan order; empty when the criterion needs no statistics
     * @param losses losses of all zeroth-order draws in draw order; empty when there are no draws
     */
    record ScoreLayer(int layer, List<StoredFile> statistics, List<DrawLosses> losses) implements ScoreTask {
        public ScoreLayer {
            statistics = List.copyOf(statistics);
            losses = List.copyOf(losses);
        }

        @Override
        public String id() {
            return "layer-" + layer;
        }
    }
}
