package io.espalier.pruner.kafka;

import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.CodeVersion;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;

/** {@link io.espalier.pruner.domain.PruneWork} behind the task queue. */
@Singleton
public class PrunerWorker implements Worker {
    private final PruneWorkMapper work;

    public PrunerWorker(Workspace workspace) {
        this.work = PruneWorkMapper.in(workspace, CodeVersion.get());
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
