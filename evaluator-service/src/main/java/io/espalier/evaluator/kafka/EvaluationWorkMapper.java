package io.espalier.evaluator.kafka;

import io.espalier.base.Progress;
import io.espalier.evaluator.domain.Evaluation;
import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link EvaluationWork} on the wire. */
record EvaluationWorkMapper(EvaluationWork work, String codeVersion) {
    static EvaluationWorkMapper in(Workspace workspace, String codeVersion) {
        return new EvaluationWorkMapper(new EvaluationWork(workspace), codeVersion);
    }

    TaskResult.Builder run(Task task, Progress progress) {
        JobSpec spec = RequestMapper.toSpec(task.getJobId(), task.getRequest());
        PrunedCheckpoint checkpoint = task.getEvaluate().getCheckpoint();
        Evaluation evaluation = work.evaluate(
                spec,
                InspectionMapper.fromWire(task.getInputs()),
                EvaluationMapper.pruned(checkpoint),
                task.getEvaluate().getWindowsApart(),
                progress);
        return TaskResult.newBuilder().setEvaluated(EvaluationMapper.toWire(checkpoint, spec, evaluation, codeVersion));
    }
}
