package io.espalier.pipeline.job;

import com.google.protobuf.MessageLite;
import io.espalier.base.ErrorCode;
import io.espalier.base.EspalierException;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.CancelCommand;
import io.espalier.v1.JobCommand;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.WorkerCommand;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes what users ask for: requests and commands. A call returns when the broker has the record. */
public final class JobClient implements AutoCloseable {
    /** Every process keeps the reasons of the cancels it has heard. */
    public static final int MAX_REASON_CHARS = 1000;

    private final KafkaProducer<String, byte[]> producer;
    private final TopicCatalog topics;
    private final String source;

    /**
     * @param client connection settings: bootstrap servers, security
     * @param source who asks, for the CloudEvents headers: "cli"
     */
    public JobClient(Properties client, TopicCatalog topics, String source) {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        settings.putIfAbsent(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "30000");
        settings.putIfAbsent(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "10000");
        this.producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        this.topics = topics;
        this.source = source;
    }

    /** A request of which nobody knows who sends it. */
    public void submit(PruneRequest request) {
        submit(request, "");
    }

    /**
     * @param request its request_id becomes the job id
     * @param by principal that sends it; empty if nobody was authenticated
     */
    public void submit(PruneRequest request, String by) {
        send("prune-requests", request.getRequestId(), request, by);
    }

    /** A cancel of which nobody knows who asked for it. */
    public void cancel(String jobId, String reason) {
        cancel(jobId, reason, "");
    }

    /**
     * @param reason for people
     * @param by principal that asked for it; empty if nobody was authenticated
     * @throws EspalierException {@code INVALID_ARGUMENT} for a reason of more than {@value #MAX_REASON_CHARS} characters
     */
    public void cancel(String jobId, String reason, String by) {
        if (reason.length() > MAX_REASON_CHARS) {
            throw new EspalierException(
                    ErrorCode.INVALID_ARGUMENT,
                    "reason has %d characters; at most %d are kept".formatted(reason.length(), MAX_REASON_CHARS));
        }
        send(
                "job-commands",
                jobId,
                JobCommand.newBuilder()
                        .setJobId(jobId)
                        .setCancel(CancelCommand.newBuilder().setReason(reason))
                        .setBy(by)
                        .build());
    }

    /** Tells a worker what to do. */
    public void command(WorkerCommand command) {
        send("worker-commands", command.getWorkerId(), command);
    }

    private void send(String topic, String key, MessageLite message) {
        send(topic, key, message, "");
    }

    private void send(String topic, String key, MessageLite message, String principal) {
        long now = System.currentTimeMillis();
        var headers = CloudEventHeaders.of(source, key, message.getClass().getSimpleName(), now, new RecordHeaders());
        CloudEventHeaders.putPrincipal(headers, principal);
        try {
            producer.send(new ProducerRecord<>(topics.name(topic), null, now, key, message.toByteArray(), headers))
                    .get();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot write to " + topics.name(topic), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
