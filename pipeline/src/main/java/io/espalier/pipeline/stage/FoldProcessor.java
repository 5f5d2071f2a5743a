package io.espalier.pipeline.stage;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.espalier.base.ErrorCode;
import io.espalier.pipeline.telemetry.Telemetry;
import io.espalier.pipeline.telemetry.Traces;
import io.espalier.pipeline.topic.CloudEventHeaders;
import io.espalier.pipeline.topic.DeadLetter;
import io.espalier.pipeline.topic.EventsFormat;
import io.espalier.pipeline.topic.TopicCatalog;
import io.espalier.v1.JobCommand;
import io.espalier.v1.StageJob;
import io.espalier.v1.TaskResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Map, decide, publish: the Kafka side of {@link JobFold}. */
final class FoldProcessor implements Processor<String, byte[], String, Outgoing> {
    private static final Duration TICK = Duration.ofSeconds(5);

    /** Far more than a job id has; what is longer would be kept in the state. */
    private static final int MAX_KEY_CHARS = 1024;

    private final Stage stage;
    private final TopicCatalog topics;
    private final JobFold fold;
    private final EventsFormat format;
    private final Telemetry telemetry;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private ProcessorContext<String, Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> jobs;

    @SuppressWarnings("NullAway.Init")
    private FoldObserver observer;

    FoldProcessor(Stage stage, TopicCatalog topics, JobFold.Timing timing, EventsFormat format, Telemetry telemetry) {
        this.stage = stage;
        this.telemetry = telemetry;
        this.format = format;
        this.topics = topics;
        this.fold = new JobFold(stage, timing);
    }

    @Override
    public void init(ProcessorContext<String, Outgoing> processorContext) {
        this.context = processorContext;
        this.jobs = processorContext.getStateStore(StageTopology.STORE);
        processorContext.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
        this.observer =
                new FoldObserver(telemetry.meters(), processorContext.taskId().toString());
        all().forEach(entry -> observer.remembered(entry.key, parsed(entry)));
    }

    @Override
    public void close() {
        observer.close();
    }

    @Override
    public void process(Record<String, byte[]> record) {
        String source = logicalTopic();
        if (record.key() == null || record.value() == null) {
            deadLetter(record, source, ErrorCode.MALFORMED_MESSAGE.name(), "a record needs a key (job id) and a value");
            return;
        }
        if (record.key().length() > MAX_KEY_CHARS) {
            deadLetter(record, source, ErrorCode.MALFORMED_MESSAGE.name(), "the key is too long to be a job id");
            return;
        }
        try {
            Optional<Input> input = parse(source, record);
            if (input.isPresent()) {
                apply(record, source, input.get());
            }
        } catch (InvalidProtocolBufferException e) {
            deadLetter(record, source, ErrorCode.MALFORMED_MESSAGE.name(), String.valueOf(e.getMessage()));
        }
    }

    private Optional<Input> parse(String source, Record<String, byte[]> record) throws InvalidProtocolBufferException {
        byte[] value = record.value();
        if (source.equals(stage.topics().input())) {
            return start(record.key(), EventsFormat.protobuf(value, record.headers(), stage.inputType()));
        }
        if (source.equals(stage.topics().results())) {
            return Optional.of(new Input.Result(TaskResult.parseFrom(value)));
        }
        return Optional.of(new Input.Command(JobCommand.parseFrom(value)));
    }

    private void apply(Record<String, byte[]> record, String source, Input input)
            throws InvalidProtocolBufferException {
        String jobId = record.key();
        JobFold.Decision decision = decide(jobId, load(jobs.get(jobId)), input);
        save(jobId, decision.state());
        try (Traces.Span span = hop(jobId, decision, record.headers())) {
            for (Output output : decision.outputs()) {
                if (output instanceof Output.DeadLetter letter) {
                    deadLetter(record, source, letter.code(), letter.reason());
                } else {
                    observer.said(output, decision.state(), now());
                    publish(jobId, output, span.headers());
                }
            }
        }
    }

    private Optional<Input> start(String jobId, byte[] value) throws InvalidProtocolBufferException {
        try {
            return stage.start(value).map(Input.class::cast);
        } catch (RuntimeException e) {
            throw new FoldFailure("cannot start job " + jobId, e);
        }
    }

    private JobFold.Decision decide(String jobId, @Nullable StageJob job, Input input) {
        try {
            return fold.decide(jobId, job, input, now());
        } catch (RuntimeException e) {
            throw new FoldFailure("cannot decide about job " + jobId, e);
        }
    }

    /** A span for a decision that issues tasks or hands the job on; progress gets none. */
    private Traces.Span hop(String jobId, JobFold.Decision decision, Headers cause) {
        boolean moves = decision.outputs().stream()
                .anyMatch(output -> output instanceof Output.Task || output instanceof Output.Fact);
        Traces traces = moves ? telemetry.traces() : Traces.NONE;
        return traces.begin("decide", cause, Map.of("job", jobId));
    }

    private void tick(long timestamp) {
        for (KeyValue<String, byte[]> entry : all()) {
            StageJob before = parsed(entry);
            JobFold.Decision decision = decide(entry.key, before, new Input.Tick());
            if (!before.equals(decision.state())) {
                save(entry.key, decision.state());
            }
            for (Output output : decision.outputs()) {
                observer.said(output, decision.state(), now());
                publish(entry.key, output, new RecordHeaders());
            }
        }
    }

    /** A copy, which may be walked through while the store changes. */
    private List<KeyValue<String, byte[]>> all() {
        List<KeyValue<String, byte[]>> all = new ArrayList<>();
        try (var iterator = jobs.all()) {
            iterator.forEachRemaining(all::add);
        }
        return all;
    }

    private static StageJob parsed(KeyValue<String, byte[]> entry) {
        try {
            return StageJob.parseFrom(entry.value);
        } catch (InvalidProtocolBufferException e) {
            throw new FoldFailure("the state of job " + entry.key + " cannot be read", e);
        }
    }

    private void publish(String jobId, Output output, Headers cause) {
        String topic;
        Message message;
        EventsFormat written = format;
        if (output instanceof Output.Task task) {
            topic = stage.topics().tasks();
            message = task.task();
            written = EventsFormat.PROTOBUF;
        } else if (output instanceof Output.Fact fact) {
            topic = stage.topics().facts();
            message = fact.fact();
        } else if (output instanceof Output.Event event) {
            topic = "job-events";
            message = event.event();
        } else {
            throw new IllegalStateException("no topic for " + output);
        }
        Headers headers = CloudEventHeaders.of(
                stage.label(), jobId, message.getClass().getSimpleName(), written.contentType(), now(), cause);
        context.forward(new Record<>(jobId, new Outgoing(topics.name(topic), written.encode(message)), now(), headers));
    }

    private void deadLetter(Record<String, byte[]> record, String source, String code, String reason) {
        observer.said(new Output.DeadLetter(code, reason), null, now());
        RecordMetadata at = context.recordMetadata().orElseThrow();
        DeadLetter letter = DeadLetter.of(
                record.key(),
                record.value(),
                record.headers(),
                new DeadLetter.Place(at.topic(), at.partition(), at.offset()),
                code,
                reason);
        context.forward(new Record<>(
                letter.key(), new Outgoing(topics.deadLetters(source), letter.value()), now(), letter.headers()));
    }

    /** The source topic without its prefix. */
    private String logicalTopic() {
        String full = context.recordMetadata().orElseThrow().topic();
        for (String logical : List.of(stage.topics().input(), stage.topics().results(), "job-commands")) {
            if (topics.name(logical).equals(full)) {
                return logical;
            }
        }
        throw new IllegalStateException("unexpected topic " + full);
    }

    private void save(String jobId, @Nullable StageJob state) {
        if (state == null) {
            jobs.delete(jobId);
        } else {
            jobs.put(jobId, state.toByteArray());
        }
        observer.remembered(jobId, state);
    }

    private static @Nullable StageJob load(byte @Nullable [] bytes) throws InvalidProtocolBufferException {
        return bytes == null ? null : StageJob.parseFrom(bytes);
    }

    private long now() {
        return context.currentSystemTimeMs();
    }
}
