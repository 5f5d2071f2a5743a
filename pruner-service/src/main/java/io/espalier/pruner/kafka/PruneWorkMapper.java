package io.espalier.pruner.kafka;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.espalier.base.Progress;
import io.espalier.job.InspectionMapper;
import io.espalier.job.RequestMapper;
import io.espalier.job.Workspace;
import io.espalier.pruner.domain.PruneJob;
import io.espalier.pruner.domain.PruneWork;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link PruneWork} on the wire. */
record PruneWorkMapper(PruneWork work) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static PruneWorkMapper in(Workspace workspace, String codeVersion) {
        return new PruneWorkMapper(new PruneWork(workspace, codeVersion));
    }

    TaskResult.Builder run(Task task, Progress progress) {
        return PrunedArtifactMapper.toWire(work.run(job(task), PruneTaskMapper.fromWire(task), progress));
    }

    private static PruneJob job(Task task) {
        return new PruneJob(
                RequestMapper.toSpec(task.getJobId(), task.getRequest()),
                InspectionMapper.fromWire(task.getInputs()),
                json(task.getRequest()));
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
