package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.model.importance.Distribution;
import io.espalier.model.importance.InputStatistics;
import io.espalier.model.importance.ZerothOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The measurements on the dense model that precede the scoring of its layers. Their tasks do not depend on each other.
 *
 * @param statistics whether tasks collect statistics of the inputs of the linear layers
 * @param draws how the gradient is estimated from zeroth-order draws; empty when no draws are needed
 */
record EvidenceCollection(boolean statistics, Optional<JobSpec.Gradient> draws) {
    static final EvidenceCollection NOTHING = new EvidenceCollection(false, Optional.empty());

    /** The number of floating-point operations that a task should have. Two cores need well under a minute for them. */
    private static final double TASK_FLOPS = 1e13;
    /** Even little work is split into about this many tasks, so that small models also use several workers. */
    private static final int MIN_TASKS = 4;

    static EvidenceCollection ofStatistics(boolean needed) {
        return new EvidenceCollection(needed, Optional.empty());
    }

    /**
     * The tasks that make the measurements.
     *
     * @param length tokens of a calibration window
     */
    List<ScoreTask> tasks(Inspection inspection, int length) {
        List<ScoreTask> tasks = new ArrayList<>();
        int windows = inspection.calibrationWindows();
        double flopsPerWindow = flopsPerWindow(inspection.parameters(), length);
        if (statistics) {
            ranges(windows, flopsPerWindow)
                    .forEach(range -> tasks.add(new ScoreTask.CollectStatistics(range.first(), range.last())));
        }
        draws.ifPresent(gradient -> ranges(gradient.draws(), 2 * flopsPerWindow * windows)
                .forEach(range -> tasks.add(new ScoreTask.CollectLosses(range.first(), range.last()))));
        return tasks;
    }

    List<Need> needs(CalibrationFootprint job) {
        List<Need> needs = new ArrayList<>();
        if (statistics) {
            int windows = taskSize(job.windows(), flopsPerWindow(job.parameters(), job.length()));
            needs.add(Need.of(
                    "statistics",
                    windows,
                    job.length(),
                    InputStatistics.bytes(job.footprint(), windows, job.length())));
        }
        draws.ifPresent(gradient -> {
            long moved = Distribution.named(gradient.distribution())
                    .movedTogether(job.footprint().layout().layers());
            needs.add(job.need(
                    "one zeroth-order draw", ZerothOrder.bytes(job.footprint(), job.windows(), job.length(), moved)));
        });
        return needs;
    }

    private static double flopsPerWindow(long parameters, int length) {
        return 2.0 * parameters * length;
    }

    private record Range(int first, int last) {}

    /**
     * The number of windows or draws of one task. It is at least 1 and otherwise so small that a task has at most
     * {@link #TASK_FLOPS} and that, as far as {@code count} allows it, there are about {@link #MIN_TASKS} tasks or more.
     *
     * @param count number of windows or draws of all tasks
     * @param flopsEach floating-point operations for one window or draw
     */
    private static int taskSize(int count, double flopsEach) {
        int most = (count + MIN_TASKS - 1) / MIN_TASKS;
        return (int) Math.max(1, Math.min(most, TASK_FLOPS / flopsEach));
    }

    private static List<Range> ranges(int count, double flopsEach) {
        int size = taskSize(count, flopsEach);
        return IntStream.iterate(0, first -> first < count, first -> first + size)
                .mapToObj(first -> new Range(first, Math.min(count, first + size)))
                .toList();
    }
}
