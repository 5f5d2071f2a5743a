package io.espalier.scorer.domain;

import io.espalier.job.Inspection;
import io.espalier.job.JobSpec;
import io.espalier.model.artifact.StoredFile;
import io.espalier.model.importance.DrawLosses;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Inspect, collect, score layer by layer. A pure function of the request and the results so far, so task boundaries do
 * not depend on who works or how many: the same bytes come out for 1, 2 or 8 workers.
 */
public final class ScorePlan {
    /** Floating-point operations a parallel task aims at: well under a minute on two cores. */
    private static final double TASK_FLOPS = 1e13;
    /** A job is split at least this often where it can be, so that small models use several workers too. */
    private static final int MIN_TASKS = 4;

    private final JobSpec spec;
    private final ScoreWay way;

    /** @throws io.espalier.base.EspalierException INVALID_ARGUMENT for a criterion there is not, or not for its target */
    public ScorePlan(JobSpec spec) {
        this.spec = spec;
        this.way = ScoreWay.of(spec);
    }

    /** @param waves results of the complete waves, each in task order */
    public ScoreStep next(List<List<ScoreResult>> waves) {
        if (waves.isEmpty()) {
            return new ScoreStep.Run("inspect", List.of(new ScoreTask.Inspect()));
        }
        Inspection inspection = ((ScoreResult.Inspected) waves.get(0).get(0)).inspection();
        if (way.layers() == ScoreWay.Layers.UNSCORED) {
            return new ScoreStep.Done(inspection, List.of(), List.of());
        }
        List<ScoreTask> collect = collect(inspection);
        int collected = collect.isEmpty() ? 1 : 2;
        if (waves.size() < collected) {
            return new ScoreStep.Run("collect", collect);
        }
        if (waves.size() == collected) {
            return score(inspection, waves.get(collected - 1));
        }
        return done(inspection, waves.get(collected));
    }

    private List<ScoreTask> collect(Inspection inspection) {
        List<ScoreTask> tasks = new ArrayList<>();
        int windows = inspection.calibrationWindows();
        double flopsPerWindow =
                flopsPerWindow(inspection.parameters(), spec.calibration().sequenceLength());
        if (way.statistics()) {
            ranges(windows, flopsPerWindow)
                    .forEach(range -> tasks.add(new ScoreTask.CollectStatistics(range.first(), range.last())));
        }
        if (way.draws()) {
            ranges(spec.scoring().gradient().draws(), 2 * flopsPerWindow * windows)
                    .forEach(range -> tasks.add(new ScoreTask.CollectLosses(range.first(), range.last())));
        }
        return tasks;
    }

    /** Windows of which one task collects statistics, at most. */
    static int windowsTogether(long parameters, int windows, int length) {
        return together(windows, flopsPerWindow(parameters, length));
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

    private ScoreStep score(Inspection inspection, List<ScoreResult> collected) {
        List<StoredFile> statistics = new ArrayList<>();
        List<DrawLosses> losses = new ArrayList<>();
        for (ScoreResult result : collected) {
            if (result instanceof ScoreResult.StatisticsCollected file) {
                statistics.add(file.file());
            } else if (result instanceof ScoreResult.LossesCollected pairs) {
                losses.addAll(pairs.losses());
            }
        }
        List<ScoreTask> layers = IntStream.range(inspection.firstLayer(), inspection.lastLayer())
                .<ScoreTask>mapToObj(layer -> new ScoreTask.ScoreLayer(layer, statistics, losses))
                .toList();
        return switch (way.layers()) {
            case CHAINED -> new ScoreStep.Run("score-layer", List.of(new ScoreTask.Chain(statistics, losses)), layers);
            case REUSED -> new ScoreStep.Run("score-layer", List.of(new ScoreTask.Reuse()), layers);
            default -> new ScoreStep.Run("score-layer", layers);
        };
    }

    private static ScoreStep done(Inspection inspection, List<ScoreResult> layers) {
        List<StoredFile> scores = new ArrayList<>();
        List<ScoreResult.ControlRanks> controls = new ArrayList<>();
        for (ScoreResult result : layers) {
            if (result instanceof ScoreResult.LayerScored layer) {
                scores.add(layer.file());
                controls.addAll(layer.controls());
            }
        }
        return new ScoreStep.Done(inspection, scores, controls);
    }
}
