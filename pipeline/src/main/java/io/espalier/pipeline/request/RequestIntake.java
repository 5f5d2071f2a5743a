package io.espalier.pipeline.request;

import io.espalier.model.EspalierException;
import io.espalier.pipeline.stage.Outgoing;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.AcceptedRequest;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** Gives every request its job id as key, so that all that concerns a job meets on one partition. */
public final class RequestIntake implements Processor<String, byte[], String, Outgoing> {
    private final TopicCatalog topics;
    private final StageMeters meters;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private ProcessorContext<String, Outgoing> context;

    public RequestIntake(TopicCatalog topics, StageMeters meters) {
        this.topics = topics;
        this.meters = meters;
    }

    @Override
    public void init(ProcessorContext<String, Outgoing> processorContext) {
        this.context = processorContext;
    }

    @Override
    public void process(Record<String, byte[]> record) {
        RecordMetadata at = context.recordMetadata().orElseThrow();
        String position = at.topic() + "-" + at.partition() + "-" + at.offset();
        long now = context.currentSystemTimeMs();
        try {
            AcceptedRequest accepted = RequestReader.read(
                    record.key(), record.value(), CloudEventHeaders.isJson(record.headers()), position);
            Headers headers =
                    CloudEventHeaders.of("scorer", accepted.getJobId(), "AcceptedRequest", now, record.headers());
            forward(accepted.getJobId(), topics.name("accepted-requests"), accepted.toByteArray(), now, headers);
        } catch (EspalierException e) {
            meters.failed(e.code().name());
            Headers headers = DeadLetter.headers(
                    record.headers(), context.recordMetadata(), e.code().name(), String.valueOf(e.getMessage()));
            byte[] value = record.value() == null ? new byte[0] : record.value();
            forward(record.key(), topics.deadLetters("prune-requests"), value, now, headers);
        }
    }

    private void forward(String key, String topic, byte[] value, long now, Headers headers) {
        context.forward(new Record<>(key, new Outgoing(topic, value), now, headers));
    }
}
