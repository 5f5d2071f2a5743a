package io.espalier.evaluator.kafka;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.espalier.evaluator.report.ReportWork;
import io.espalier.job.InspectionMapper;
import io.espalier.v1.ReportWritten;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;

/** {@link ReportWork} on the wire. */
record ReportWorkMapper(ReportWork work) {
    private static final ObjectMapper JSON = new ObjectMapper();

    TaskResult.Builder run(Task task) {
        String page = work.write(
                task.getJobId(),
                json(task.getRequest().toBuilder().clearRequestId().build()),
                InspectionMapper.fromWire(task.getInputs()).layers(),
                task.getEvaluate().getReport().getEvaluationsList().stream()
                        .map(report -> new ReportWork.Measured(
                                report.getOutput(),
                                json(report),
                                json(report.toBuilder()
                                        .setRequest(task.getRequest())
                                        .build())))
                        .toList());
        return TaskResult.newBuilder()
                .setReportWritten(ReportWritten.newBuilder().setPath(page));
    }

    private static JsonNode json(Message message) {
        try {
            return JSON.readTree(
                    JsonFormat.printer().preservingProtoFieldNames().print(message));
        } catch (InvalidProtocolBufferException | JsonProcessingException e) {
            throw new IllegalStateException("a message is always printable", e);
        }
    }
}
