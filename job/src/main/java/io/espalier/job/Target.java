package io.espalier.job;

import io.espalier.model.AttentionUnit;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.SparsityPattern;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a job takes out of a model, and how much of it. */
public sealed interface Target {
    /** The allocation that takes the same share of each layer. */
    String UNIFORM = "uniform";
    /** The allocation by one ranking over all layers. */
    String GLOBAL = "global";
    /** The allocation by what each cut is measured to cost. */
    String SEARCHED = "searched";

    /** What of attention is scored and removed as one. */
    default AttentionUnit attentionUnit() {
        return AttentionUnit.KV_GROUP;
    }

    /** Names of the artifact folders to create, inside the artifact root: at least one, all different. */
    List<String> outputs();

    /** The same, each under the field of the request that gives it. */
    default Map<String, String> outputsByField() {
        List<String> outputs = outputs();
        Map<String, String> byField = new LinkedHashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
            byField.put(outputs.size() == 1 ? "output" : "pruning.budgets[%d].output".formatted(i), outputs.get(i));
        }
        return byField;
    }

    /**
     * One of the checkpoints that a job makes from one scoring.
     *
     * @param output artifact folder to create; no two variants of a job share it
     */
    record Variant(String output, Budget budget) {}

    /** A target of which a job can make several checkpoints from one scoring. */
    sealed interface Ranked extends Target {
        List<Variant> variants();

        @Override
        default List<String> outputs() {
            return variants().stream().map(Variant::output).toList();
        }

        /** @throws IllegalArgumentException when the job makes no checkpoint of that name */
        default Variant variant(String output) {
            return variants().stream()
                    .filter(variant -> variant.output().equals(output))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("the job makes no checkpoint named " + output));
        }
    }

    /**
     * Attention units and FFN channels.
     *
     * @param allocation "uniform", "global" or "searched"
     * @param search how much a searched allocation measures; empty for the others
     * @param rounding numbers of units that may be left
     * @param sequential whether each layer is scored behind the layers already pruned
     */
    record Units(
            List<Variant> variants,
            AttentionUnit attentionUnit,
            String allocation,
            Optional<SearchEffort> search,
            UnitRounding rounding,
            Compensation compensation,
            boolean sequential)
            implements Ranked {
        public Units {
            variants = List.copyOf(variants);
            if (search.isPresent() != allocation.equals(SEARCHED)) {
                throw new IllegalArgumentException("allocation %s with search %s".formatted(allocation, search));
            }
        }

        /** Whether each layer in scope loses the same share of its units, so that shapes follow from the budget alone. */
        public boolean uniform() {
            return allocation.equals(UNIFORM);
        }
    }

    /** Whole decoder layers. */
    record Layers(List<Variant> variants) implements Ranked {
        public Layers {
            variants = List.copyOf(variants);
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
