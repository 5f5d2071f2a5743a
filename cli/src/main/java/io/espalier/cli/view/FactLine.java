package io.espalier.cli.view;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.v1.AcceptedRequest;
import io.espalier.v1.EvaluationReport;
import io.espalier.v1.JobCommand;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.PrunedCheckpoint;
import io.espalier.v1.ScoreFact;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import io.espalier.v1.WorkerBeat;
import io.espalier.v1.WorkerCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Formats a record of one of Espalier's topics as one line of JSON. */
public final class FactLine {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Parser<? extends Message>> TYPES = Map.ofEntries(
            Map.entry("prune-requests", PruneRequest.parser()),
            Map.entry("accepted-requests", AcceptedRequest.parser()),
            Map.entry("score-tasks", Task.parser()),
            Map.entry("score-results", TaskResult.parser()),
            Map.entry("layer-scores", ScoreFact.parser()),
            Map.entry("prune-tasks", Task.parser()),
            Map.entry("prune-results", TaskResult.parser()),
            Map.entry("pruned-checkpoints", PrunedCheckpoint.parser()),
            Map.entry("evaluation-tasks", Task.parser()),
            Map.entry("evaluation-results", TaskResult.parser()),
            Map.entry("evaluations", EvaluationReport.parser()),
            Map.entry("job-events", JobEvent.parser()),
            Map.entry("job-commands", JobCommand.parser()),
            Map.entry("workers", WorkerBeat.parser()),
            Map.entry("worker-commands", WorkerCommand.parser()));

    private FactLine() {}

    /**
     * Formats one record.
     *
     * @param topic logical name of the topic
     * @return the message as JSON; for a dead letter or unreadable bytes, the key, the headers and the value in base64
     */
    public static String of(String topic, @Nullable String key, byte @Nullable [] value, Headers headers) {
        return message(topic, value, headers).orElseGet(() -> raw(key, value, headers));
    }

    private static Optional<String> message(String topic, byte @Nullable [] value, Headers headers) {
        Parser<? extends Message> type = TYPES.get(topic);
        if (type == null || value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    CloudEventHeaders.isJson(headers)
                            ? JSON.readTree(value).toString()
                            : ProtoJson.line(type.parseFrom(value)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String raw(@Nullable String key, byte @Nullable [] value, Headers headers) {
        ObjectNode line = JSON.createObjectNode();
        line.put("key", key);
        ObjectNode all = line.putObject("headers");
        for (Header header : headers) {
            byte[] bytes = header.value();
            all.put(header.key(), bytes == null ? null : new String(bytes, StandardCharsets.UTF_8));
        }
        line.put("value", value == null ? null : Base64.getEncoder().encodeToString(value));
        return line.toString();
    }

    /** The logical names of the topics whose records have a type. Error messages list them. */
    public static SortedSet<String> topics() {
        return new TreeSet<>(TYPES.keySet());
    }
}
