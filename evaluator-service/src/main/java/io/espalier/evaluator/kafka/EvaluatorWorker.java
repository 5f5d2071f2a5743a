package io.espalier.evaluator.kafka;

import io.espalier.evaluator.report.ReportWork;
import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.CodeVersion;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;

/**
 * {@link io.espalier.evaluator.domain.EvaluationWork} and {@link io.espalier.evaluator.domain.ZeroShotWork} behind the task
 * queue, and their report.
 */
@Singleton
public class EvaluatorWorker implements Worker {
    private final EvaluationWorkMapper work;
    private final ZeroShotWorkMapper questions;
    private final ReportWorkMapper report;

    public EvaluatorWorker(Workspace workspace) {
        this.work = EvaluationWorkMapper.in(workspace, CodeVersion.get());
        this.questions = ZeroShotWorkMapper.in(workspace);
        this.report = new ReportWorkMapper(new ReportWork(workspace.artifacts()));
    }

    @Override
    public String device() {
        return Engine.deviceInUse();
    }

    @Override
    public TaskResult.Builder run(Task task, TaskReport progress) {
        return SettingNames.named(() -> {
            if (task.getEvaluate().hasReport()) {
                return report.run(task);
            }
            return task.getEvaluate().hasAsk() ? questions.run(task, progress) : work.run(task, progress);
        });
    }
}
