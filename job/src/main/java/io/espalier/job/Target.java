package io.espalier.job;

import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.SparsityPattern;
import java.util.List;

/** What a job takes out of a model, and how much of it. */
public sealed interface Target {
    /** Names of the artifact folders to create, inside the artifact root: at least one, all different. */
    List<String> outputs();

    /**
     * One checkpoint to make.
     *
     * @param output artifact folder to create
     */
    record Cut(String output, Budget budget) {}

    /**
     * Heads (or KV groups) and FFN channels.
     *
     * @param allocation "uniform" or "global"
     * @param roundTo kept FFN widths are a multiple of this
     * @param sequential whether each layer is scored behind the layers already pruned
     */
    record Units(List<Cut> cuts, String allocation, int roundTo, Compensation compensation, boolean sequential)
            implements Target {
        public Units {
            cuts = List.copyOf(cuts);
        }

        @Override
        public List<String> outputs() {
            return cuts.stream().map(Cut::output).toList();
        }
    }

    /** Whole decoder layers. */
    record Layers(List<Cut> cuts) implements Target {
        public Layers {
            cuts = List.copyOf(cuts);
        }

        @Override
        public List<String> outputs() {
            return cuts.stream().map(Cut::output).toList();
        }
    }

    /** Single weights, which become zero in place. */
    record Weights(String output, SparsityPattern pattern, LinearChoice linears) implements Target {
        @Override
        public List<String> outputs() {
            return List.of(output);
        }
    }
}
