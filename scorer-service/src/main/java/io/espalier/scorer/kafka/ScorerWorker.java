package io.espalier.scorer.kafka;

import io.espalier.job.Inspection;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.job.service.JobConfig;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.service.EspalierConfig;
import io.espalier.scorer.domain.LayerScore;
import io.espalier.scorer.domain.ScoreTask;
import io.espalier.scorer.domain.ScoreWork;
import io.espalier.v1.Chained;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.function.Consumer;

/** {@link ScoreWork} behind the task queue. */
@Singleton
public class ScorerWorker implements Worker {
    private final ScoreWork work;
    private final EspalierConfig config;
    private final JobConfig jobConfig;

    public ScorerWorker(Workspace workspace, EspalierConfig config, JobConfig jobConfig) {
        this.work = new ScoreWork(workspace);
        this.config = config;
        this.jobConfig = jobConfig;
    }

    @Override
    public String device() {
        return Engine.deviceInUse();
    }

    @Override
    public TaskResult.Builder run(Task task, TaskReport report) {
        return SettingNames.named(() -> result(task, report));
    }

    private TaskResult.Builder result(Task task, TaskReport report) {
        JobSpec spec = RequestMapper.toSpec(task.getJobId(), task.getRequest());
        ScoreTask scoreTask = ScoreMapper.task(task);
        if (scoreTask instanceof ScoreTask.Inspect) {
            return TaskResult.newBuilder()
                    .setInspected(InspectionMapper.toWire(
                            work.inspect(spec, config.threads(), jobConfig.computeType(), jobConfig.memoryBudget())));
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
        return ScoreMapper.toWire(work.score(spec, (ScoreTask.ScoreLayer) scoreTask));
    }
}
