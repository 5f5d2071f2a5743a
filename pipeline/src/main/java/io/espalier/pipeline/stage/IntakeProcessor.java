package io.espalier.pipeline.stage;

import io.espalier.base.ErrorCode;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Kafka side of an {@link Intake}: from its topic to the stage's input topic, or to the dead letters. */
final class IntakeProcessor implements Processor<String, byte[], String, Outgoing> {
    private static final Logger LOG = LoggerFactory.getLogger(IntakeProcessor.class);

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
        Intake.Accepted accepted;
        try {
            accepted = intake.read(record.key(), record.value(), record.headers(), position);
        } catch (EspalierException e) {
            deadLetter(record, at, e.code(), String.valueOf(e.getMessage()));
            intake.refused(record.key(), record.value(), record.headers(), e).ifPresent(job -> handOver(job, record));
            return;
        } catch (RuntimeException e) {
            // Reading it again would fail again; no record may stop the partition.
            LOG.error(
                    "a record is set aside topic={} partition={} offset={}",
                    at.topic(),
                    at.partition(),
                    at.offset(),
                    e);
            deadLetter(record, at, ErrorCode.INTERNAL, e.toString());
            return;
        }
        handOver(accepted, record);
    }

    private void handOver(Intake.Accepted accepted, Record<String, byte[]> record) {
        long now = context.currentSystemTimeMs();
        String type = accepted.fact().getDescriptorForType().getName();
        Headers headers = CloudEventHeaders.of(names.stage(), accepted.jobId(), type, now, record.headers());
        forward(accepted.jobId(), topics.name(names.input()), accepted.fact().toByteArray(), now, headers);
    }

    private void deadLetter(Record<String, byte[]> record, RecordMetadata at, ErrorCode code, String reason) {
        meters.failed(code.name());
        DeadLetter letter = DeadLetter.of(
                record.key(),
                record.value(),
                record.headers(),
                new DeadLetter.Place(at.topic(), at.partition(), at.offset()),
                code.name(),
                reason);
        forward(
                letter.key(),
                topics.deadLetters(source),
                letter.value(),
                context.currentSystemTimeMs(),
                letter.headers());
    }

    private void forward(@Nullable String key, String topic, byte[] value, long now, Headers headers) {
        context.forward(new Record<>(key, new Outgoing(topic, value), now, headers));
    }
}
