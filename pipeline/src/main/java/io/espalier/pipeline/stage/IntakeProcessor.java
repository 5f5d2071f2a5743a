package io.espalier.pipeline.stage;

import io.espalier.base.EspalierException;
import io.espalier.pipeline.telemetry.StageMeters;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** The Kafka side of an {@link Intake}: from its topic to the stage's input topic, or to the dead letters. */
final class IntakeProcessor implements Processor<String, byte[], String, Outgoing> {
    private final StageTopics names;
    private final String source;
    private final Intake intake;
    private final TopicCatalog topics;
    private final StageMeters meters;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private ProcessorContext<String, Outgoing> context;

    /** @param source topic of the intake, without prefix */
    IntakeProcessor(StageTopics names, String source, Intake intake, TopicCatalog topics, StageMeters meters) {
        this.names = names;
        this.source = source;
        this.intake = intake;
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
            Intake.Accepted accepted = intake.read(record.key(), record.value(), record.headers(), position);
            String type = accepted.fact().getDescriptorForType().getName();
            Headers headers = CloudEventHeaders.of(names.stage(), accepted.jobId(), type, now, record.headers());
            forward(
                    accepted.jobId(),
                    topics.name(names.input()),
                    accepted.fact().toByteArray(),
                    now,
                    headers);
        } catch (EspalierException e) {
            meters.failed(e.code().name());
            DeadLetter letter = DeadLetter.of(
                    record.key(),
                    record.value(),
                    record.headers(),
                    new DeadLetter.Place(at.topic(), at.partition(), at.offset()),
                    e.code().name(),
                    String.valueOf(e.getMessage()));
            forward(letter.key(), topics.deadLetters(source), letter.value(), now, letter.headers());
        }
    }

    private void forward(@Nullable String key, String topic, byte[] value, long now, Headers headers) {
        context.forward(new Record<>(key, new Outgoing(topic, value), now, headers));
    }
}
