package io.espalier.benchmarks.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.espalier.benchmarks.measure.Measure;
import io.espalier.benchmarks.measure.Measured;
import io.espalier.benchmarks.shape.Shape;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The results of one run, as {@code --json} prints them. A value that was not measured is null.
 *
 * @param modelBytes size of the stored weights, in bytes
 * @param residentOverStreamed time of a forward pass with resident weights divided by the time of a streamed one; this is
 *     the share of the resident throughput that streaming reaches
 * @param gemmEfficiency FLOP/s of the streamed forward pass divided by the FLOP/s of the best matrix product
 */
public record BenchResult(
        String shape,
        long modelBytes,
        int threads,
        @Nullable Double residentOverStreamed,
        Ratios ratio,
        Peaks peakOverModel,
        @Nullable Double gemmEfficiency) {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /**
     * Times divided by the time of a plain streamed forward pass over the same tokens. Zeroth-order times are per draw,
     * those of recoveries per step; a local step is compared with the pass through one layer.
     */
    public record Ratios(
            @Nullable Double activation,
            @Nullable Double gaussian,
            @Nullable Double rademacher,
            @Nullable Double rankOne,
            @Nullable Double backprop,
            @Nullable Double searchEstimate,
            @Nullable Double adapterStep,
            @Nullable Double localStep) {}

    /** Peak resident memory of the processes divided by the size of the model. */
    public record Peaks(
            @Nullable Double activation,
            @Nullable Double zerothOrder,
            @Nullable Double backprop,
            @Nullable Double searchEstimate,
            @Nullable Double adapterStep,
            @Nullable Double localStep,
            @Nullable Double pruner,
            @Nullable Double evaluator) {}

    /** @param measured the results of the measures, each of which ran in its own process */
    public static BenchResult of(Shape shape, int threads, Map<Measure, Measured> measured) {
        Outcomes outcomes = new Outcomes(measured, shape.bytes());
        return new BenchResult(
                shape.spelled(),
                shape.bytes(),
                threads,
                outcomes.value(Measure.FORWARD, "resident_over_streamed"),
                new Ratios(
                        outcomes.value(Measure.ACTIVATION, "ratio"),
                        outcomes.value(Measure.GAUSSIAN, "ratio"),
                        outcomes.value(Measure.RADEMACHER, "ratio"),
                        outcomes.value(Measure.RANK_ONE, "ratio"),
                        outcomes.value(Measure.BACKPROP, "ratio"),
                        outcomes.value(Measure.SEARCH_ESTIMATE, "ratio"),
                        outcomes.value(Measure.ADAPTER_STEP, "ratio"),
                        outcomes.value(Measure.LOCAL_STEP, "ratio")),
                new Peaks(
                        outcomes.peak(Measure.ACTIVATION, Measure.SCORE_ACTIVATION),
                        outcomes.peak(
                                Measure.GAUSSIAN, Measure.RADEMACHER, Measure.RANK_ONE, Measure.SCORE_ZEROTH_ORDER),
                        outcomes.peak(Measure.BACKPROP, Measure.SCORE_BACKPROP),
                        outcomes.peak(Measure.SEARCH_ESTIMATE),
                        outcomes.peak(Measure.ADAPTER_STEP),
                        outcomes.peak(Measure.LOCAL_STEP),
                        outcomes.peak(Measure.PRUNER),
                        outcomes.peak(Measure.EVALUATOR)),
                outcomes.value(Measure.FORWARD, "gemm_efficiency"));
    }

    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of plain values always has a JSON form", e);
        }
    }

    private record Outcomes(Map<Measure, Measured> measured, long modelBytes) {
        private static final double FOURTH_DIGIT = 1e4;

        @Nullable
        Double value(Measure measure, String name) {
            Measured found = measured.get(measure);
            return found == null ? null : rounded(found.get(name));
        }

        /** The highest memory of several processes. */
        @Nullable
        Double peak(Measure... measures) {
            return rounded(Arrays.stream(measures)
                            .map(measured::get)
                            .filter(Objects::nonNull)
                            .mapToDouble(found -> found.get(Measured.PEAK))
                            .max()
                            .orElse(Double.NaN)
                    / modelBytes);
        }

        private static @Nullable Double rounded(double value) {
            return Double.isFinite(value) ? Math.round(value * FOURTH_DIGIT) / FOURTH_DIGIT : null;
        }
    }
}
