package io.espalier.scorer.domain;

import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.List;

/** A piece of scoring that any worker can do alone. */
public sealed interface ScoreTask {
    /** Names the work within its job. */
    String id();

    /** Check every input of the job and report shapes and digests. */
    record Inspect() implements ScoreTask {
        @Override
        public String id() {
            return "inspect";
        }
    }

    /** One layer-streamed pass over calibration windows [first, last): input statistics of every linear layer. */
    record CollectStatistics(int first, int last) implements ScoreTask {
        @Override
        public String id() {
            return "statistics-%d-%d".formatted(first, last);
        }
    }

    /** Pairs of losses of the zeroth-order draws [first, last), each over the whole calibration batch. */
    record CollectLosses(int first, int last) implements ScoreTask {
        @Override
        public String id() {
            return "losses-%d-%d".formatted(first, last);
        }
    }

    /**
     * One pass through the whole model that cannot be split: back for exact gradients; forth for Hessians and for what is
     * measured behind layers already pruned. Each layer is scored as it is passed; carries the layers' {@link ScoreLayer}
     * tasks.
     *
     * @param statistics as in {@link ScoreLayer}
     * @param losses as in {@link ScoreLayer}
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

    /** Take the scores an earlier job left with its artifact; carries the layers' {@link ScoreLayer} tasks. */
    record Reuse() implements ScoreTask {
        @Override
        public String id() {
            return "reuse";
        }
    }

    /**
     * Read one layer, rebuild its gradient, apply the criterion.
     *
     * @param statistics files of all statistics tasks in plan order; empty when the criterion needs none
     * @param losses of all draws in draw order; empty when the criterion needs no gradient
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
