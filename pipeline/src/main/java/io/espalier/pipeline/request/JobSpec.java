package io.espalier.pipeline.request;

import io.espalier.model.importance.Criterion;
import io.espalier.model.importance.CriterionOptions;
import io.espalier.model.pruning.Allocation;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.FfnRounding;
import io.espalier.model.transformer.ModelLayout;

/**
 * A prune request with every default filled in and every field checked; what the domain of each stage works from.
 *
 * @param model checkpoint folder as the user named it, inside the model root
 * @param output artifact folder to create, inside the artifact root
 * @param seed every random choice is a pure function of it
 */
public record JobSpec(
        String jobId,
        String model,
        String output,
        Text calibration,
        Scoring scoring,
        Pruning pruning,
        Evaluation evaluation,
        long seed) {

    /**
     * @param uri UTF-8 text inside the text root
     * @param windows windows taken from the start; 0 takes all
     * @param sequenceLength tokens per window
     */
    public record Text(String uri, int windows, int sequenceLength) {}

    /**
     * @param criterion name in the table of criteria
     * @param controls whether control score sets ride along
     */
    public record Scoring(String criterion, CriterionOptions options, Gradient gradient, boolean controls) {}

    /**
     * @param source "zeroth-order", "backprop" or empty where none is named
     * @param distribution of the perturbation: "gaussian", "rademacher" or "rank-one"
     * @param epsilon step of the central difference
     */
    public record Gradient(String source, String distribution, int draws, double epsilon) {}

    /**
     * @param allocation "uniform" or "global"
     * @param layers "default", "all" or "first:last"
     * @param roundTo kept FFN widths are a multiple of this
     */
    public record Pruning(Budget budget, String allocation, String layers, int roundTo, Compensation compensation) {}

    /** How this job spreads its budget over the layers of a model. */
    public Allocation allocation(ModelLayout layout) {
        Criterion criterion = Criterion.named(scoring.criterion(), scoring.options());
        return Allocation.named(
                pruning.allocation(), new FfnRounding(pruning.roundTo()), layout, criterion.standardized());
    }

    /**
     * @param heldOut whether the text is another than the calibration text
     * @param speed whether prefill and decode are timed
     */
    public record Evaluation(Text text, boolean heldOut, boolean speed) {}
}
