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
import java.util.Objects;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Map, decide, publish: the Kafka side of {@link JobFold}. */
final class FoldProcessor implements Processor<String, byte[], String, Outgoing> {
    private static final Logger LOG = LoggerFactory.getLogger(FoldProcessor.class);
    private static final Duration TICK = Duration.ofSeconds(5);

    /** Far more than a job id has; what is longer would be kept in the state. */
    private static final int MAX_KEY_CHARS = 1024;

    private final Stage stage;
    private final TopicCatalog topics;
    private final JobFold fold;
    private final int jobsUnderWay;
    private final int mayWait;
    private final EventsFormat format;
    private final Telemetry telemetry;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private ProcessorContext<String, Outgoing> context;

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore<String, byte[]> jobs;

    @SuppressWarnings("NullAway.Init")
    private FoldObserver observer;

    @SuppressWarnings("NullAway.Init")
    private Admission admission;

    FoldProcessor(
            Stage stage,
            TopicCatalog topics,
            JobFold.Timing timing,
            Limits limits,
            EventsFormat format,
            Telemetry telemetry) {
        this.stage = stage;
        this.telemetry = telemetry;
        this.format = format;
        this.topics = topics;
        this.fold = new JobFold(stage, timing, limits.tasksOfAJob());
        int partitions = topics.partitions(stage.topics().input());
        this.jobsUnderWay = limits.jobsOfAPartition(partitions);
        // Where jobs come from another stage, they were let in already.
        this.mayWait = stage.intake().isPresent() ? limits.waitingInAPartition(partitions) : Integer.MAX_VALUE;
    }

    @Override
    public void init(ProcessorContext<String, Outgoing> processorContext) {
        this.context = processorContext;
        this.jobs = processorContext.getStateStore(StageTopology.STORE);
        processorContext.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, this::tick);
        this.observer =
                new FoldObserver(telemetry.meters(), processorContext.taskId().toString());
        this.admission = new Admission(jobsUnderWay);
        all().forEach(entry -> remember(entry.key, parsed(entry)));
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
                apply(record, source, inTurn(input.get(), record.headers()));
                admitWaiting();
            }
        } catch (InvalidProtocolBufferException e) {
            deadLetter(record, source, ErrorCode.MALFORMED_MESSAGE.name(), String.valueOf(e.getMessage()));
        }
    }

    /** Which job a record is about and what it says; empty when it is not for this stage or was set aside. */
    private Optional<Input> parse(String source, Record<String, byte[]> record) throws InvalidProtocolBufferException {
        byte[] value = record.value();
        if (source.equals(stage.topics().input())) {
            return start(record, source, EventsFormat.protobuf(value, record.headers(), stage.inputType()));
        }
        if (source.equals(stage.topics().results())) {
            return Optional.of(new Input.Result(TaskResult.parseFrom(value)));
        }
        return Optional.of(new Input.Command(JobCommand.parseFrom(value)));
    }

    private void apply(Record<String, byte[]> record, String source, Input input) {
        String jobId = record.key();
        JobFold.Decision decision = decide(jobId, load(jobId), input);
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

    /** A job that comes while enough others are under way waits for its turn, or is refused where enough wait. */
    private Input inTurn(Input input, Headers headers) {
        if (!(input instanceof Input.Start start) || !admission.isFull()) {
            return input;
        }
        if (admission.waiting() >= mayWait) {
            String why = "%d jobs wait on this request's partition, which may hold %d (espalier.quota.jobs);"
                    + " send it again later under another request_id";
            return new Input.Refuse(start, why.formatted(admission.waiting(), mayWait));
        }
        return new Input.Wait(start, CloudEventHeaders.trace(headers));
    }

    private void admitWaiting() {
        for (Optional<String> next = admission.next(); next.isPresent(); next = admission.next()) {
            String jobId = next.get();
            StageJob waiting = Objects.requireNonNull(load(jobId), "a job that waits is remembered");
            decideAndSay(jobId, waiting, new Input.Admit(), CloudEventHeaders.withTrace(waiting.getTraceparent()));
        }
    }

    private Optional<Input> start(Record<String, byte[]> record, String source, byte[] value)
            throws InvalidProtocolBufferException {
        try {
            return stage.start(value).map(Input.class::cast);
        } catch (RuntimeException e) {
            LOG.error("a record of {} is set aside job={}", source, record.key(), e);
            deadLetter(record, source, ErrorCode.INTERNAL.name(), e.toString());
            return Optional.empty();
        }
    }

    /** No input may stop the partition: what the stage fails on, or what no record can hold, ends its own job only. */
    private JobFold.Decision decide(String jobId, @Nullable StageJob job, Input input) {
        try {
            JobFold.Decision decision = fold.decide(jobId, job, input, now());
            requireRecordsThatFit(decision);
            return decision;
        } catch (RuntimeException e) {
            LOG.error("an input is set aside job={}", jobId, e);
            return fold.setAside(jobId, job, input, e.toString(), now());
        }
    }

    private void requireRecordsThatFit(JobFold.Decision decision) {
        if (decision.state() != null) {
            requireFits("the state of the job", decision.state(), EventsFormat.PROTOBUF);
        }
        for (Output output : decision.outputs()) {
            Destination to = destination(output);
            if (to != null) {
                requireFits("a record for " + to.topic(), to.message(), to.format());
            }
        }
    }

    private static void requireFits(String what, Message message, EventsFormat written) {
        // JSON takes a few times as much as protobuf; only what comes near the limit is written to measure it.
        if (message.getSerializedSize() < TopicCatalog.MAX_VALUE_BYTES / 8) {
            return;
        }
        int bytes = written.encode(message).length;
        if (bytes > TopicCatalog.MAX_VALUE_BYTES) {
            throw new IllegalStateException("%s takes %d bytes, at most %d can be written"
                    .formatted(what, bytes, TopicCatalog.MAX_VALUE_BYTES));
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
            decideAndSay(entry.key, parsed(entry), new Input.Tick(), new RecordHeaders());
        }
        admitWaiting();
    }

    /** For an input that is no record. */
    private void decideAndSay(String jobId, StageJob before, Input input, Headers cause) {
        JobFold.Decision decision = decide(jobId, before, input);
        if (!before.equals(decision.state())) {
            save(jobId, decision.state());
        }
        try (Traces.Span span = hop(jobId, decision, cause)) {
            for (Output output : decision.outputs()) {
                observer.said(output, decision.state(), now());
                publish(jobId, output, span.headers());
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

    private record Destination(String topic, Message message, EventsFormat format) {}

    /** Null for a dead letter, which is not written from a message. */
    private @Nullable Destination destination(Output output) {
        if (output instanceof Output.Task task) {
            return new Destination(stage.topics().tasks(), task.task(), EventsFormat.PROTOBUF);
        }
        if (output instanceof Output.Fact fact) {
            return new Destination(stage.topics().facts(), fact.fact(), format);
        }
        return output instanceof Output.Event event ? new Destination("job-events", event.event(), format) : null;
    }

    private void publish(String jobId, Output output, Headers cause) {
        Destination to = Objects.requireNonNull(destination(output), "a dead letter needs the record it is about");
        String type = to.message().getClass().getSimpleName();
        Headers headers =
                CloudEventHeaders.of(stage.label(), jobId, type, to.format().contentType(), now(), cause);
        Outgoing outgoing = new Outgoing(topics.name(to.topic()), to.format().encode(to.message()));
        context.forward(new Record<>(jobId, outgoing, now(), headers));
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
        remember(jobId, state);
    }

    private void remember(String jobId, @Nullable StageJob state) {
        admission.remembered(jobId, state);
        observer.remembered(jobId, state, admission.waiting());
    }

    private @Nullable StageJob load(String jobId) {
        byte[] bytes = jobs.get(jobId);
        return bytes == null ? null : parsed(new KeyValue<>(jobId, bytes));
    }

    private long now() {
        return context.currentSystemTimeMs();
    }
}
