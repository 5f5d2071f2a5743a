package io.espalier.recoverer.kafka;

import io.espalier.base.Progress;
import io.espalier.job.InspectionMapper;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.recoverer.domain.RecoverJob;
import io.espalier.recoverer.domain.RecoverWork;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link RecoverWork} on the wire. */
record RecoverWorkMapper(RecoverWork work) {
    static RecoverWorkMapper in(Workspace workspace, String codeVersion) {
        return new RecoverWorkMapper(new RecoverWork(workspace, codeVersion));
    }

    TaskResult.Builder run(Task task, Progress progress) {
        RecoverJob job = new RecoverJob(
                RequestMapper.toSpec(task.getJobId(), task.getRequest()), InspectionMapper.fromWire(task.getInputs()));
        return RecoverResultMapper.toWire(work.run(job, RecoverTaskMapper.fromWire(task), progress));
    }
}
