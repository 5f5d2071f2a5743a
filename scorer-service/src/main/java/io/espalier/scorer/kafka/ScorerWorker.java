package io.espalier.scorer.kafka;

import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.job.service.JobConfig;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.service.EspalierConfig;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;

/** The worker that runs the scorer's tasks. */
@Singleton
public class ScorerWorker implements Worker {
    private final ScoreWorkMapper work;

    public ScorerWorker(Workspace workspace, EspalierConfig config, JobConfig jobConfig) {
        this.work = ScoreWorkMapper.in(
                workspace, config.threads(), jobConfig.computeType(), jobConfig.memoryBudget(), jobConfig.quota());
    }

    @Override
    public String device() {
        return Engine.deviceInUse();
    }

    @Override
    public TaskResult.Builder run(Task task, TaskReport report) {
        return SettingNames.named(() -> work.result(task, report));
    }
}
