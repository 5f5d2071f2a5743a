package io.espalier.evaluator.kafka;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.evaluator.domain.Evaluation;
import io.espalier.evaluator.domain.EvaluationWork;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.CodeVersion;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;

/** {@link EvaluationWork} behind the task queue; also leaves the report beside the artifact. */
@Singleton
public class EvaluatorWorker implements Worker {
    private final Workspace workspace;
    private final EvaluationWork work;

    public EvaluatorWorker(Workspace workspace) {
        this.workspace = workspace;
        this.work = new EvaluationWork(workspace);
    }

    @Override
    public String device() {
        return Engine.deviceInUse();
    }

    @Override
    public TaskResult.Builder run(Task task, TaskReport progress) {
        return SettingNames.named(() -> result(task, progress));
    }

    private TaskResult.Builder result(Task task, TaskReport progress) {
        JobSpec spec = RequestMapper.toSpec(task.getJobId(), task.getRequest());
        PrunedCheckpoint checkpoint = task.getEvaluate().getCheckpoint();
        Engine.setThreads(task.getInputs().getProfile().getThreads());
        Evaluation evaluation = work.evaluate(
                spec,
                InspectionMapper.fromWire(task.getInputs()),
                new EvaluationWork.Pruned(checkpoint.getOutput(), checkpoint.getZeroedWeights()),
                progress);
        EvaluationReport report = EvaluationMapper.toWire(checkpoint, spec, evaluation, CodeVersion.get());
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
