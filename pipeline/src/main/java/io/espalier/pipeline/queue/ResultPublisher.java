package io.espalier.pipeline.queue;

import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.Task;
import io.espalier.v1.TaskResult;
import java.util.Properties;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes what workers say of their tasks. */
final class ResultPublisher implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;
    private final TopicCatalog topics;
    private final StageTopics stage;
    private final String workerName;
    /** While the broker is away a send blocks its caller. So progress is sent by this thread, and only the newest waits for it. */
    private final ExecutorService soon = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(1),
            Daemons.named("progress"),
            new ThreadPoolExecutor.DiscardOldestPolicy());

    ResultPublisher(Properties client, TopicCatalog topics, StageTopics stage, String workerName) {
        Properties settings = new Properties();
        settings.putAll(client);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(TopicCatalog.MAX_RECORD_BYTES));
        this.producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        this.topics = topics;
        this.stage = stage;
        this.workerName = workerName;
    }

    /**
     * Returns when the broker has it: only then may the task be acknowledged.
     *
     * @param trace headers that carry the task's span
     */
    void publish(Task task, TaskResult.Builder result, Headers trace) {
        try {
            send(task, result, trace).get();
        } catch (ExecutionException e) {
            throw new KafkaException("cannot publish the result of task " + task.getTaskId(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException(e);
        }
    }

    /** For progress: never keeps the work waiting. If it is lost, the next one tells the same. */
    void publishSoon(Task task, TaskResult.Builder result, Headers trace) {
        soon.execute(() -> {
            var unused = send(task, result, trace);
        });
    }

    private Future<RecordMetadata> send(Task task, TaskResult.Builder result, Headers trace) {
        result.setJobId(task.getJobId())
                .setTaskId(task.getTaskId())
                .setAttempt(task.getAttempt())
                .setWorker(workerName);
        long now = System.currentTimeMillis();
        Headers headers = CloudEventHeaders.of(stage.stage(), task.getJobId(), "TaskResult", now, trace);
        return producer.send(new ProducerRecord<>(
                topics.name(stage.results()),
                null,
                now,
                task.getJobId(),
                result.build().toByteArray(),
                headers));
    }

    void deadLetter(DeadLetter letter) {
        var unused = producer.send(new ProducerRecord<>(
                topics.deadLetters(stage.tasks()), null, letter.key(), letter.value(), letter.headers()));
    }

    @Override
    public void close() {
        soon.shutdownNow();
        producer.close();
    }
}
