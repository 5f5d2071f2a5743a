package io.espalier.benchmarks.measure;

import io.espalier.model.importance.Distribution;
import io.espalier.model.pruning.Compensation;
import io.espalier.model.tensor.Engine;
import java.util.Locale;
import java.util.function.Function;

/** The measures. Each one's numbers are described at the method that takes it. */
public enum Measure {
    FORWARD(ForwardMeasures::forward),
    ACTIVATION(RatioMeasures::activation),
    GAUSSIAN(work -> RatioMeasures.zerothOrder(work, Distribution.GAUSSIAN, 2)),
    RADEMACHER(work -> RatioMeasures.zerothOrder(work, Distribution.RADEMACHER, 2)),
    RANK_ONE(work -> RatioMeasures.zerothOrder(work, Distribution.RANK_ONE, Draws.A_TASK)),
    BACKPROP(RatioMeasures::backprop),
    SEARCH_ESTIMATE(RatioMeasures::estimate),
    ADAPTER_STEP(RatioMeasures::adapterStep),
    LOCAL_STEP(RatioMeasures::localStep),
    SCORE_ACTIVATION(ScoreMeasures::activation),
    SCORE_ZEROTH_ORDER(ScoreMeasures::zerothOrder),
    SCORE_BACKPROP(ScoreMeasures::backprop),
    PRUNER(work -> PruneMeasures.prune(work, Compensation.LEAST_SQUARES_BLEND)),
    PRUNER_OWN_TARGET(work -> PruneMeasures.prune(work, Compensation.LEAST_SQUARES_OWN)),
    EVALUATOR(PruneMeasures::evaluate),
    COPY(PruneMeasures::copy),
    PRODUCTS(work -> ForwardMeasures.products(ForwardPass.open(work), work)),
    PRODUCTS_EXACT(work -> ForwardMeasures.products(ForwardPass.exact(work), work)),
    DRAWS(Draws::run);

    @SuppressWarnings(
            "ImmutableEnumChecker") // Function cannot say it; every measure is a method reference without state
    private final Function<Work, Measured> measure;

    Measure(Function<Work, Measured> measure) {
        this.measure = measure;
    }

    /** The name on the command line. */
    public String spelled() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Measured run(Work work) {
        Engine.setThreads(work.threads());
        Measured measured = measure.apply(work);
        return measured.with("threads", Engine.profile().threads()).with(Measured.PEAK, (double) ProcessMemory.peak());
    }
}
