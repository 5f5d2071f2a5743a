package io.espalier.scorer.domain;

import io.espalier.base.EspalierException;
import io.espalier.job.JobSpec;
import io.espalier.job.MeasuredTextRead;
import io.espalier.job.Recovery;
import io.espalier.job.SearchEffort;
import io.espalier.job.Target;
import io.espalier.job.TaskRead;
import io.espalier.model.LayerShape;
import io.espalier.model.evaluation.Comparison;
import io.espalier.model.evaluation.SequenceLikelihoods;
import io.espalier.model.evaluation.TextProtocol;
import io.espalier.model.pruning.BiasPass;
import io.espalier.model.pruning.Budget;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.pruning.LeastSquaresPass;
import io.espalier.model.pruning.UniformAllocation;
import io.espalier.model.recovery.LocalDistillation;
import io.espalier.model.recovery.LoraDistillation;
import io.espalier.model.recovery.TeacherPass;
import io.espalier.model.search.Divergence;
import io.espalier.model.search.MeasuredPrices;
import io.espalier.model.search.PriceEstimate;
import io.espalier.model.search.SearchWindows;
import io.espalier.model.transformer.Footprint;
import io.espalier.model.transformer.LayerLayout;
import io.espalier.model.transformer.LayerScope;
import io.espalier.model.zeroshot.LogLikelihoods;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The memory that all passes of one job need, from scoring to evaluation. Pruning without compensation and removing whole
 * layers copy one tensor at a time. They need less than any other pass, so they are not counted.
 *
 * @param scope the layers that are pruned
 * @param parameters number of parameters of the dense model
 * @param calibration number of windows of the calibration text
 * @param evaluation number of windows of the evaluation text
 * @param recovery number of windows that a recovery learns from; 0 where there is none
 * @param tasks the evaluation's tasks
 * @param texts its further texts
 */
record JobFootprint(
        JobSpec spec,
        Footprint footprint,
        LayerScope scope,
        long parameters,
        int calibration,
        int evaluation,
        int recovery,
        List<TaskRead> tasks,
        List<MeasuredTextRead> texts) {
    /** The most shapes that a search compares: uniform ones, the cheapest, and the cheapest by the estimate alone. */
    private static final int CANDIDATES = 3;

    /** @throws EspalierException {@code INVALID_ARGUMENT} naming {@code espalier.memory.budget} and the pass that needs more */
    void check() {
        needs().forEach(need -> footprint.check(need.what(), need.bytes()));
    }

    /** The need of every pass that does more than copy tensors, in the order in which the job runs them. */
    List<Need> needs() {
        ScoringStrategy strategy = ScoringStrategy.of(spec);
        CalibrationFootprint scoring = new CalibrationFootprint(footprint, parameters, calibration, length());
        List<Need> needs = new ArrayList<>(strategy.collection().needs(scoring));
        needs.addAll(strategy.needs(scoring));
        if (spec.pruning().target() instanceof Target.Units units) {
            units.search().ifPresent(effort -> addSearch(needs, effort));
            addRepair(needs, units);
        }
        spec.recovery().ifPresent(asked -> addRecovery(needs, asked));
        needs.add(comparison("evaluation", evaluation, spec.evaluation().text().sequenceLength()));
        texts.forEach(text -> needs.add(
                text.protocol() instanceof TextProtocol.Windows windows
                        ? comparison("evaluation by " + windows.label(), text.windows(), windows.length())
                        : new Need(
                                "evaluation by %s with up to %,d tokens"
                                        .formatted(text.protocol().label(), text.longest()),
                                SequenceLikelihoods.bytes(footprint, text.longest()))));
        tasks.forEach(task -> needs.add(new Need(
                "asking of %s with up to %d tokens".formatted(task.task().label(), task.longest()),
                LogLikelihoods.bytes(footprint, task.longest()))));
        return List.copyOf(needs);
    }

    /** All models of the job are compared in one pass. */
    private Need comparison(String what, int windows, int length) {
        int pruned = spec.pruning().target().outputs().size();
        int models = 1 + (spec.recovery().isPresent() ? 2 : 1) * pruned;
        int together = Comparison.together(
                footprint.layout(),
                windows,
                length,
                models,
                footprint.computation().budget());
        return Need.of(what, together, length, Comparison.bytes(footprint, together, length, models));
    }

    private void addSearch(List<Need> needs, SearchEffort effort) {
        int[][] windows = new int[calibration][];
        // How many windows there are of each kind depends on their size alone.
        Arrays.fill(windows, new int[length()]);
        SearchWindows search = SearchWindows.of(windows);
        int searched = search.searched().length;
        int judged = search.judged().length;
        needs.add(Need.of("pricing of cuts", searched, length(), PriceEstimate.bytes(footprint, searched, length())));
        if (effort == SearchEffort.MEASURED) {
            needs.add(Need.of(
                    "measuring of one half's cuts",
                    searched,
                    length(),
                    MeasuredPrices.bytes(footprint, searched, length())));
        }
        needs.add(Need.of(
                "comparison of shapes",
                searched + judged,
                length(),
                Divergence.bytes(footprint, searched, judged, length(), CANDIDATES)));
    }

    /** The shapes of the pruned model are not known yet, so each pass is counted on those of the dense one, which are larger. */
    private void addRecovery(List<Need> needs, Recovery asked) {
        needs.add(Need.of(
                "reading of the teacher", recovery, length(), TeacherPass.bytes(footprint, recovery, length())));
        asked.local()
                .ifPresent(training -> needs.add(Need.of(
                        "local distillation of one layer",
                        recovery,
                        length(),
                        LocalDistillation.bytes(footprint, recovery, length(), training))));
        asked.lora()
                .ifPresent(training -> needs.add(Need.of(
                        "training of adapters",
                        recovery,
                        length(),
                        LoraDistillation.bytes(footprint, recovery, length(), training))));
    }

    private void addRepair(List<Need> needs, Target.Units units) {
        if (units.compensation() == Compensation.BIAS) {
            needs.add(calibrated("bias compensation of one layer", BiasPass.bytes(footprint, calibration, length())));
        } else if (units.compensation() != Compensation.NONE) {
            int streams = units.compensation() == Compensation.LEAST_SQUARES_BLEND ? 2 : 1;
            for (Target.Variant variant : units.variants()) {
                needs.add(calibrated(
                        "least-squares repair of one layer",
                        LeastSquaresPass.bytes(
                                footprint, calibration, length(), streams, largestPruned(units, variant.budget()))));
            }
        }
    }

    /**
     * The largest shapes that the layers may have after pruning. They are known if every layer loses the same share of its units.
     * Otherwise each layer in scope is counted with one unit of each kind removed.
     */
    private List<LayerShape> largestPruned(Target.Units units, Budget budget) {
        UniformAllocation uniform = new UniformAllocation(units.rounding());
        List<LayerShape> shapes = new ArrayList<>();
        for (LayerLayout layer : footprint.layout().layers()) {
            LayerShape shape = layer.shape();
            if (!scope.contains(layer.index())) {
                shapes.add(shape);
            } else if (units.uniform() && budget instanceof Budget.UnitRatio share) {
                shapes.add(uniform.left(shape, share.ratio()));
            } else {
                shapes.add(uniform.rounding().left(shape, shape.attentionSteps() - 1, shape.ffnChannels() - 1));
            }
        }
        return shapes;
    }

    private int length() {
        return spec.calibration().sequenceLength();
    }

    private Need calibrated(String what, long bytes) {
        return Need.of(what, calibration, length(), bytes);
    }
}
