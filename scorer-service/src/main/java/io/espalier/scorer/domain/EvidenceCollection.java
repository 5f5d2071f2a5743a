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
 * What is measured on the dense model before its layers are scored, in tasks that do not depend on each other.
 *
 * @param statistics whether the inputs of the linear layers are measured
 * @param draws the zeroth-order draws; empty where there are none
 */
record EvidenceCollection(boolean statistics, Optional<JobSpec.Gradient> draws) {
    static final EvidenceCollection NOTHING = new EvidenceCollection(false, Optional.empty());

    /** Floating-point operations a parallel task aims at: well under a minute on two cores. */
    private static final double TASK_FLOPS = 1e13;
    /** A job is split at least this often where it can be, so that small models use several workers too. */
    private static final int MIN_TASKS = 4;

    static EvidenceCollection ofStatistics(boolean needed) {
        return new EvidenceCollection(needed, Optional.empty());
    }

    /** @param length tokens of a calibration window */
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
            int windows = together(job.windows(), flopsPerWindow(job.parameters(), job.length()));
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

    /** Of [0, count), how many make about {@link #TASK_FLOPS}, and at least {@link #MIN_TASKS} tasks where it can be. */
    private static int together(int count, double flopsEach) {
        int most = (count + MIN_TASKS - 1) / MIN_TASKS;
        return (int) Math.max(1, Math.min(most, TASK_FLOPS / flopsEach));
    }

    private static List<Range> ranges(int count, double flopsEach) {
        int size = together(count, flopsEach);
        return IntStream.iterate(0, first -> first < count, first -> first + size)
                .mapToObj(first -> new Range(first, Math.min(count, first + size)))
                .toList();
    }
}
