package io.espalier.job;

import static io.espalier.job.Fields.choice;
import static io.espalier.job.Fields.count;
import static io.espalier.job.Fields.invalid;
import static io.espalier.job.Fields.or;

import io.espalier.base.EspalierException;
import io.espalier.model.AttentionUnit;
import io.espalier.model.InvalidSetting;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.UnitRounding;
import io.espalier.model.sparsity.LinearChoice;
import io.espalier.model.sparsity.MaskCriterion;
import io.espalier.model.sparsity.SparsityPattern;
import io.espalier.model.transformer.LayerHalf;
import io.espalier.v1.Pruning;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The target and budgets of a request, from the wire. */
final class PruningMapper {
    private static final int MAX_ROUND_TO = 65_536;
    private static final int MAX_BUDGETS = 16;
    static final String UNITS = "units";
    static final String LAYERS = "layers";
    private static final String BOTH = "both";
    private static final String ATTENTION = "attention";
    private static final String MLP = "mlp";
    private static final String KV_GROUP = "kv-group";
    private static final String QUERY_HEAD = "query-head";

    private PruningMapper() {}

    /**
     * @param output of the job
     * @param criterion empty where the request names none
     */
    static JobSpec.Pruning pruning(Pruning pruning, String output, String criterion) {
        return new JobSpec.Pruning(or(pruning.getLayers(), "default"), target(pruning, output, criterion));
    }

    private static Target target(Pruning pruning, String output, String criterion) {
        String target = or(pruning.getTarget(), UNITS);
        String selection = choice(pruning.getSelection(), "pruning.selection", List.of("one-shot", "sequential"));
        boolean sequential = selection.equals("sequential");
        if (target.equals(UNITS)) {
            onlyForWeights(pruning, target);
            List<Target.Variant> variants = variants(pruning, output);
            if (sequential && variants.size() > 1) {
                throw invalid(
                        "pruning.selection",
                        "is sequential, which depends on the budget; give one budget, not several");
            }
            String allocation = allocation(pruning);
            if (sequential && allocation.equals(Target.SEARCHED)) {
                throw invalid(
                        "pruning.selection",
                        "is sequential, which needs each layer's share before the next is measured; a search finds the"
                                + " shares last: take one-shot, or another allocation");
            }
            return new Target.Units(
                    variants,
                    attentionUnit(pruning),
                    allocation,
                    effort(pruning, allocation),
                    new UnitRounding(
                            count(pruning.getRoundTo(), 32, 1, MAX_ROUND_TO, "pruning.round_to"),
                            count(pruning.getAttentionRoundTo(), 1, 1, MAX_ROUND_TO, "pruning.attention_round_to"),
                            halves(pruning)),
                    compensation(pruning),
                    sequential);
        }
        onlyForUnits(pruning, target);
        if (target.equals(LAYERS)) {
            onlyForWeights(pruning, target);
            if (sequential) {
                throw invalid("pruning.selection", "is sequential; target layers is chosen in one shot");
            }
            return new Target.Layers(variants(pruning, output));
        }
        return weights(pruning, output, target, criterion, sequential);
    }

    private static String allocation(Pruning pruning) {
        return choice(
                pruning.getAllocation(), "pruning.allocation", List.of(Target.UNIFORM, Target.GLOBAL, Target.SEARCHED));
    }

    private static Optional<SearchEffort> effort(Pruning pruning, String allocation) {
        if (!allocation.equals(Target.SEARCHED)) {
            noSearch(pruning, "allocation " + allocation);
            return Optional.empty();
        }
        return Optional.of(SearchEffort.named(
                choice(pruning.getSearch().getEffort(), "pruning.search.effort", SearchEffort.labels())));
    }

    private static void noSearch(Pruning pruning, String what) {
        if (pruning.hasSearch()) {
            throw invalid("pruning.search", "is for allocation searched, not for " + what);
        }
    }

    private static AttentionUnit attentionUnit(Pruning pruning) {
        String unit = choice(pruning.getAttentionUnit(), "pruning.attention_unit", List.of(KV_GROUP, QUERY_HEAD));
        return unit.equals(QUERY_HEAD) ? AttentionUnit.QUERY_HEAD : AttentionUnit.KV_GROUP;
    }

    private static Set<LayerHalf> halves(Pruning pruning) {
        return switch (choice(pruning.getOnly(), "pruning.only", List.of(BOTH, ATTENTION, MLP))) {
            case ATTENTION -> EnumSet.of(LayerHalf.ATTENTION);
            case MLP -> EnumSet.of(LayerHalf.FEED_FORWARD);
            default -> EnumSet.allOf(LayerHalf.class);
        };
    }

    static String only(UnitRounding rounding) {
        if (rounding.halves().size() == 2) {
            return BOTH;
        }
        return rounding.halves().contains(LayerHalf.ATTENTION) ? ATTENTION : MLP;
    }

    static String label(AttentionUnit unit) {
        return unit == AttentionUnit.QUERY_HEAD ? QUERY_HEAD : KV_GROUP;
    }

    private static Target weights(Pruning pruning, String output, String target, String criterion, boolean sequential) {
        boolean unstructured = target.equals(SparsityPattern.UNSTRUCTURED);
        if (!unstructured && !target.contains(":")) {
            throw invalid(
                    "pruning.target",
                    "is \"%s\"; it must be units, layers, N:M such as 2:4, or unstructured"
                            .formatted(Fields.shortened(target)));
        }
        if (pruning.getUnitRatio() != 0
                || pruning.getParameterRatio() != 0
                || pruning.getBytes() != 0
                || pruning.getBudgetsCount() > 0) {
            throw invalid(
                    "pruning.unit_ratio",
                    "and the other budgets are for whole units; target %s takes its share from %s"
                            .formatted(target, unstructured ? "pruning.sparsity" : "N and M"));
        }
        if (sequential && !MaskCriterion.isSequential(criterion)) {
            throw invalid(
                    "pruning.selection",
                    "is sequential, which for target %s is the way of %s alone"
                            .formatted(target, String.join(" and ", MaskCriterion.SEQUENTIAL)));
        }
        if (pruning.getSparsity() != 0 && !unstructured) {
            throw invalid("pruning.sparsity", "is for target unstructured; %s says it itself".formatted(target));
        }
        LinearChoice linears = pruning.getLinearsCount() > 0
                ? LinearChoice.parse(pruning.getLinearsList())
                : MaskCriterion.usualLinears(criterion);
        return new Target.Weights(output, SparsityPattern.parse(target, pruning.getSparsity()), linears);
    }

    private static void onlyForWeights(Pruning pruning, String target) {
        if (pruning.getSparsity() != 0) {
            throw invalid("pruning.sparsity", "is for target unstructured, not for " + target);
        }
        if (pruning.getLinearsCount() > 0) {
            throw invalid("pruning.linears", "is for targets N:M and unstructured, not for " + target);
        }
    }

    private static void onlyForUnits(Pruning pruning, String target) {
        if (!or(pruning.getCompensation(), "none").equals("none")) {
            throw invalid(
                    "pruning.compensation",
                    "is for target units; target %s has none, though criterion sparsegpt updates what it keeps"
                            .formatted(Fields.shortened(target)));
        }
        if (!or(pruning.getAttentionUnit(), KV_GROUP).equals(KV_GROUP)) {
            throw invalid("pruning.attention_unit", "is for target units, not for " + Fields.shortened(target));
        }
        if (pruning.getAttentionRoundTo() > 1) {
            throw invalid("pruning.attention_round_to", "is for target units, not for " + Fields.shortened(target));
        }
        if (!or(pruning.getOnly(), BOTH).equals(BOTH)) {
            throw invalid("pruning.only", "is for target units; pruning.linears says which weights of others go");
        }
        if (!or(pruning.getAllocation(), Target.UNIFORM).equals(Target.UNIFORM)) {
            throw invalid("pruning.allocation", "is for target units, not for " + Fields.shortened(target));
        }
        noSearch(pruning, "target " + Fields.shortened(target));
    }

    private static Compensation compensation(Pruning pruning) {
        String target = choice(pruning.getCompensationTarget(), "pruning.compensation_target", List.of("blend", "own"));
        return Compensation.named(or(pruning.getCompensation(), "least-squares"), target);
    }

    private static List<Target.Variant> variants(Pruning pruning, String output) {
        int budgets = pruning.getBudgetsCount();
        if (budgets == 0) {
            return List.of(new Target.Variant(
                    output,
                    budget("pruning", pruning.getUnitRatio(), pruning.getParameterRatio(), pruning.getBytes())));
        }
        if (pruning.getUnitRatio() != 0 || pruning.getParameterRatio() != 0 || pruning.getBytes() != 0) {
            throw invalid("pruning.budgets", "is given beside another budget; put that into the list");
        }
        if (budgets > MAX_BUDGETS) {
            throw invalid("pruning.budgets", "has %d entries; at most %d".formatted(budgets, MAX_BUDGETS));
        }
        List<Target.Variant> variants = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < budgets; i++) {
            var wire = pruning.getBudgets(i);
            String field = "pruning.budgets[" + i + "]";
            String name = or(wire.getOutput(), budgets == 1 ? output : output + "-" + (i + 1));
            if (!names.add(name)) {
                throw invalid(field + ".output", "\"" + Fields.shortened(name) + "\" is named twice");
            }
            variants.add(new Target.Variant(name, entry(field, wire)));
        }
        return variants;
    }

    private static Budget entry(String field, io.espalier.v1.Budget wire) {
        try {
            return budget(field, wire.getUnitRatio(), wire.getParameterRatio(), wire.getBytes());
        } catch (InvalidSetting refused) {
            String name = SettingNames.of(refused.setting()).replaceFirst("^pruning\\.", field + ".");
            throw new EspalierException(refused.code(), name + ": " + refused.reason(), refused);
        }
    }

    private static Budget budget(String field, double unitRatio, double parameterRatio, long bytes) {
        if (parameterRatio != 0 || bytes != 0) {
            if (unitRatio != 0 || (parameterRatio != 0 && bytes != 0)) {
                throw invalid(
                        field + (parameterRatio != 0 ? ".parameter_ratio" : ".bytes"),
                        "is given beside another budget; give one of unit_ratio, parameter_ratio and bytes");
            }
            return parameterRatio != 0 ? new Budget.ParameterRatio(parameterRatio) : new Budget.Bytes(bytes);
        }
        return new Budget.UnitRatio(unitRatio);
    }
}
