package io.espalier.evaluator.kafka;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.Progress;
import io.espalier.evaluator.domain.Evaluation;
import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link EvaluationWork} on the wire; also leaves the report, as JSON, among the job's measurements. */
record EvaluationWorkMapper(Workspace workspace, EvaluationWork work, String codeVersion) {
    static EvaluationWorkMapper in(Workspace workspace, String codeVersion) {
        return new EvaluationWorkMapper(workspace, new EvaluationWork(workspace), codeVersion);
    }

    TaskResult.Builder run(Task task, Progress progress) {
        JobSpec spec = RequestMapper.toSpec(task.getJobId(), task.getRequest());
        PrunedCheckpoint checkpoint = task.getEvaluate().getCheckpoint();
        Evaluation evaluation = work.evaluate(
                spec, InspectionMapper.fromWire(task.getInputs()), EvaluationMapper.pruned(checkpoint), progress);
        EvaluationReport report = EvaluationMapper.toWire(checkpoint, spec, evaluation, codeVersion);
        workspace
                .artifacts()
                .writeReport(spec.jobId(), task.getTaskId().replace("evaluate", "evaluation") + ".json", json(report));
        return TaskResult.newBuilder().setEvaluated(report);
    }

    private static String json(EvaluationReport report) {
        try {
            return JsonFormat.printer().preservingProtoFieldNames().print(report) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a report is always printable", e);
        }
    }
}
