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
 * {@link io.espalier.evaluator.domain.EvaluationWork}, {@link io.espalier.evaluator.domain.WindowsWork},
 * {@link io.espalier.evaluator.domain.ZeroShotWork} and {@link io.espalier.evaluator.domain.SampleWork} behind the task queue, and their report.
 */
@Singleton
public class EvaluatorWorker implements Worker {
    private final EvaluationWorkMapper work;
    private final WindowsWorkMapper windows;
    private final SampleWorkMapper samples;
    private final ZeroShotWorkMapper questions;
    private final ReportWorkMapper report;

    public EvaluatorWorker(Workspace workspace) {
        this.work = EvaluationWorkMapper.in(workspace, CodeVersion.get());
        this.windows = WindowsWorkMapper.in(workspace, CodeVersion.get());
        this.samples = SampleWorkMapper.in(workspace);
        this.questions = ZeroShotWorkMapper.in(workspace, CodeVersion.get());
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
            if (task.getEvaluate().hasSample()) {
                return samples.run(task, progress);
            }
            if (task.getEvaluate().hasWindows()) {
                return windows.run(task, progress);
            }
            return task.getEvaluate().hasAsk() ? questions.run(task, progress) : work.run(task, progress);
        });
    }
}
