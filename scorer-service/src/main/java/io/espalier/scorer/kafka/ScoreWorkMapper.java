package io.espalier.scorer.kafka;

import io.espalier.job.Inspection;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.Quota;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.scorer.domain.InspectionSettings;
import io.espalier.scorer.domain.LayerScore;
import io.espalier.scorer.domain.ScoreTask;
import io.espalier.scorer.domain.ScoreWork;
import io.espalier.v1.Chained;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.function.Consumer;

/**
 * Runs {@link ScoreWork} for tasks in protobuf and maps its results to protobuf.
 *
 * @param settings of the jobs that this worker inspects
 */
record ScoreWorkMapper(ScoreWork work, InspectionSettings settings) {
    static ScoreWorkMapper in(Workspace workspace, int threads, String computeType, long memoryBudget, Quota quota) {
        return new ScoreWorkMapper(
                new ScoreWork(workspace), new InspectionSettings(threads, computeType, memoryBudget, quota));
    }

    TaskResult.Builder result(Task task, TaskReport report) {
        JobSpec spec = RequestMapper.toSpec(task.getJobId(), task.getRequest());
        ScoreTask scoreTask = ScoreMapper.task(task);
        if (scoreTask instanceof ScoreTask.Inspect) {
            return TaskResult.newBuilder().setInspected(InspectionMapper.toWire(work.inspect(spec, settings)));
        }
        Inspection inspection = InspectionMapper.fromWire(task.getInputs());
        Engine.setThreads(inspection.threads());
        if (scoreTask instanceof ScoreTask.CollectStatistics collect) {
            return ScoreMapper.toWire(work.collect(spec, inspection, collect, report));
        }
        if (scoreTask instanceof ScoreTask.CollectLosses collect) {
            return ScoreMapper.toWire(work.collect(spec, inspection, collect, report));
        }
        Consumer<LayerScore> layers =
                score -> report.finished("layer-" + score.result().layer(), ScoreMapper.toWire(score));
        if (scoreTask instanceof ScoreTask.Chain chain) {
            work.chain(spec, inspection, chain, layers, report);
            return TaskResult.newBuilder().setChained(Chained.getDefaultInstance());
        }
        if (scoreTask instanceof ScoreTask.Reuse) {
            work.reuse(spec, inspection, layers);
            return TaskResult.newBuilder().setChained(Chained.getDefaultInstance());
        }
        return ScoreMapper.toWire(work.score(spec, inspection, (ScoreTask.ScoreLayer) scoreTask));
    }
}
