package io.espalier.pruner.kafka;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.job.Inspection;
import io.espalier.job.InspectionMapper;
import io.espalier.job.JobSpec;
import io.espalier.job.RequestMapper;
import io.espalier.job.SettingNames;
import io.espalier.job.Workspace;
import io.espalier.model.tensor.Engine;
import io.espalier.pipeline.queue.TaskReport;
import io.espalier.pipeline.queue.Worker;
import io.espalier.pipeline.runtime.CodeVersion;
import io.espalier.pruner.domain.PruneResult;
import io.espalier.pruner.domain.PruneTask;
import io.espalier.pruner.domain.PruneWork;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import jakarta.inject.Singleton;
import java.util.UUID;

/** {@link PruneWork} behind the task queue. */
@Singleton
public class PrunerWorker implements Worker {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PruneWork work;

    public PrunerWorker(Workspace workspace) {
        this.work = new PruneWork(workspace, CodeVersion.get());
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
        PruneTask pruneTask = PruneMapper.task(task);
        if (pruneTask instanceof PruneTask.Commit commit) {
            return PruneMapper.toWire(new PruneResult.Committed(work.commit(spec, commit.staged())));
        }
        Inspection inspection = InspectionMapper.fromWire(task.getInputs());
        Engine.setThreads(inspection.threads());
        return PruneMapper.toWire(new PruneResult.Staged(work.prune(
                spec,
                inspection,
                json(task.getRequest()),
                (PruneTask.Prune) pruneTask,
                UUID.randomUUID().toString(),
                progress)));
    }

    /** The request as it was asked for, without its identity. */
    private static JsonNode json(PruneRequest request) {
        try {
            return JSON.readTree(JsonFormat.printer()
                    .preservingProtoFieldNames()
                    .print(request.toBuilder().clearRequestId()));
        } catch (InvalidProtocolBufferException | JsonProcessingException e) {
            throw new IllegalStateException("a request is always printable", e);
        }
    }
}
