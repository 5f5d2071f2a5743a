package io.espalier.recoverer.kafka;

import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.CodeVersion;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;

/** {@link io.espalier.recoverer.domain.RecoverWork} behind the task queue. */
@Singleton
public class RecovererWorker implements Worker {
    private final RecoverWorkMapper work;

    public RecovererWorker(Workspace workspace) {
        this.work = RecoverWorkMapper.in(workspace, CodeVersion.get());
    }

    @Override
    public String device() {
        return Engine.deviceInUse();
    }

    @Override
    public TaskResult.Builder run(Task task, TaskReport progress) {
        return SettingNames.named(() -> work.run(task, progress));
    }
}
