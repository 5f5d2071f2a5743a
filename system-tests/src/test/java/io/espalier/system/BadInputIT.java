package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UnknownFieldSet;
import io.espalier.base.ErrorCode;
import io.espalier.model.artifact.Manifest;
import io.espalier.v1.Budget;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BadInputIT extends SoundStack {
    private static final String GOOD = "good";
    private static final int POISON = 200;

    private static KafkaProducer<String, byte[]> producer;
    private static Map<String, String> goodFiles;

    /** All at once: a request that fails holds up no other. */
    @BeforeAll
    static void publishEveryBadRequest() throws Exception {
        Path models = stack.folders().models();
        Checkpoints.truncated(models.resolve("truncated"));
        Checkpoints.overlapping(
                models.resolve("overlapping"), "model.norm.weight", "model.layers.0.input_layernorm.weight");
        Checkpoints.ofType(models.resolve("t5"), "t5");
        Files.writeString(
                Files.createDirectories(models.resolve("no-checkpoint")).resolve("notes.txt"), "nothing here");
        Checkpoints.copy(models.resolveSibling("secret"));
        Files.createSymbolicLink(models.resolve("link"), models.resolveSibling("secret"));
        Files.writeString(stack.folders().texts().resolve("short.txt"), "Once upon a time");
        Files.createDirectory(stack.folders().texts().resolve("folder.txt"));
        producer = new KafkaProducer<>(stack.kafka(), new StringSerializer(), new ByteArraySerializer());
        stack.run(Requests.small(GOOD));
        goodFiles = goodFiles();
        badRequests().forEach(bad -> stack.client().submit(bad.request()));
    }

    @AfterAll
    static void stop() {
        producer.close();
    }

    /**
     * @param names what the message must name: the field, the file or the tensor
     */
    record BadRequest(String what, Consumer<PruneRequest.Builder> change, ErrorCode code, String names) {
        @Override
        public String toString() {
            return what;
        }

        PruneRequest request() {
            PruneRequest.Builder request = Requests.small("bad-" + what.replaceAll("[^a-z0-9]+", "-")).toBuilder();
            change.accept(request);
            return request.build();
        }
    }

    static List<BadRequest> badRequests() {
        return List.of(
                model("no such folder", "nowhere", ErrorCode.MODEL_NOT_FOUND, "model"),
                model("climbing model path", "../secret", ErrorCode.MODEL_URI_FORBIDDEN, "model"),
                model("encoded climbing", "%2e%2e/secret", ErrorCode.MODEL_URI_FORBIDDEN, "model"),
                model("absolute model path", "/etc", ErrorCode.MODEL_URI_FORBIDDEN, "model"),
                model("link out of the root", "link", ErrorCode.MODEL_URI_FORBIDDEN, "model"),
                model("web address", "http://127.0.0.1/llama", ErrorCode.MODEL_URI_FORBIDDEN, "model"),
                model("no checkpoint", "no-checkpoint", ErrorCode.MODEL_NOT_FOUND, "config.json"),
                model("truncated weights", "truncated", ErrorCode.MODEL_CORRUPT, "model.safetensors"),
                model("overlapping tensors", "overlapping", ErrorCode.MODEL_CORRUPT, "model.norm.weight"),
                model("unsupported architecture", "t5", ErrorCode.MODEL_UNSUPPORTED, "t5"),
                ratio("ratio zero", 0),
                ratio("ratio one", 1),
                ratio("negative ratio", -0.5),
                ratio("ratio that is no number", Double.NaN),
                ratio("infinite ratio", Double.POSITIVE_INFINITY),
                ratio("ratio that removes nothing", 1e-300),
                layers("layers past the end", "3:7"),
                layers("layers beyond the model", "6:9"),
                layers("empty range of layers", "3:3"),
                layers("layers that are no range", "some"),
                new BadRequest(
                        "calibration shorter than a window",
                        request -> request.getCalibrationBuilder().setText("short.txt"),
                        ErrorCode.INVALID_ARGUMENT,
                        "calibration.text"),
                new BadRequest(
                        "calibration text that is a folder",
                        request -> request.getCalibrationBuilder().setText("folder.txt"),
                        ErrorCode.INVALID_ARGUMENT,
                        "calibration.text"),
                new BadRequest(
                        "no such calibration text",
                        request -> request.getCalibrationBuilder().setText("nothing.txt"),
                        ErrorCode.MODEL_NOT_FOUND,
                        "calibration.text"),
                new BadRequest(
                        "evaluation text outside the root",
                        request -> request.getEvaluationBuilder().setText("../models/llama/config.json"),
                        ErrorCode.MODEL_URI_FORBIDDEN,
                        "evaluation.text"),
                new BadRequest(
                        "a billion samples",
                        request -> request.getCalibrationBuilder().setSamples(1_000_000_000),
                        ErrorCode.INVALID_ARGUMENT,
                        "calibration.samples"),
                new BadRequest(
                        "unknown criterion",
                        request -> request.getScoringBuilder().setCriterion("guesswork"),
                        ErrorCode.INVALID_ARGUMENT,
                        "scoring.criterion"),
                target("dass without a gated mlp", "scoring.criterion", request -> request.setModel("opt")
                        .getScoringBuilder()
                        .setCriterion("dass")),
                target("dass on attention", "pruning.linears", request -> {
                    request.getScoringBuilder().setCriterion("dass");
                    request.getPruningBuilder().addLinears("q_proj");
                }),
                target("groups that do not fill a row", "pruning.target", request -> request.getPruningBuilder()
                        .setTarget("3:7")),
                target("linear layers there are not", "pruning.linears", request -> request.getPruningBuilder()
                        .addLinears("fc1")),
                target("gradients nobody makes", "scoring.gradient.source", request -> request.getScoringBuilder()
                        .setCriterion("gblm")),
                new BadRequest(
                        "layers that differ for vllm",
                        request -> {
                            request.getPruningBuilder().setLayers("1:3");
                            request.getExportBuilder().setRuntime("vllm");
                        },
                        ErrorCode.INVALID_ARGUMENT,
                        "export.runtime"),
                new BadRequest(
                        "fewer heads of an opt for vllm",
                        request -> request.setModel("opt").getExportBuilder().setRuntime("vllm"),
                        ErrorCode.INVALID_ARGUMENT,
                        "export.runtime"),
                new BadRequest(
                        "masks of layers with gaps",
                        request -> request.getPruningBuilder()
                                .clearUnitRatio()
                                .setTarget("2:4")
                                .setLayers("0,2-4"),
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.layers"),
                new BadRequest(
                        "a gguf file of an opt",
                        request -> request.setModel("opt").getExportBuilder().setGguf("f16"),
                        ErrorCode.INVALID_ARGUMENT,
                        "export.gguf"),
                new BadRequest(
                        "the speed of an opt in llama.cpp",
                        request -> request.setModel("opt")
                                .getEvaluationBuilder()
                                .clearSkipSpeed()
                                .setRuntime("llama.cpp"),
                        ErrorCode.INVALID_ARGUMENT,
                        "evaluation.runtime"),
                new BadRequest(
                        "a global allocation for any runtime",
                        request -> {
                            request.getPruningBuilder().setAllocation("global");
                            request.getExportBuilder().setRuntime("any");
                        },
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.allocation"),
                new BadRequest(
                        "a searched allocation for vllm",
                        request -> {
                            request.getPruningBuilder().setAllocation("searched");
                            request.getExportBuilder().setRuntime("vllm");
                        },
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.allocation"),
                new BadRequest(
                        "too few bytes",
                        request -> request.getPruningBuilder().clearUnitRatio().setBytes(1000),
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.bytes"),
                new BadRequest(
                        "sequential with several budgets",
                        request -> request.getPruningBuilder()
                                .clearUnitRatio()
                                .setSelection("sequential")
                                .addBudgets(Budget.newBuilder().setUnitRatio(0.2))
                                .addBudgets(Budget.newBuilder().setUnitRatio(0.4)),
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.selection"),
                new BadRequest(
                        "sequential by gradient",
                        request -> request.getPruningBuilder().setSelection("sequential"),
                        ErrorCode.INVALID_ARGUMENT,
                        "pruning.selection"),
                new BadRequest(
                        "scores outside the root",
                        request -> request.getScoringBuilder().setScoresOf("../elsewhere"),
                        ErrorCode.MODEL_URI_FORBIDDEN,
                        "scoring.scores_of"),
                new BadRequest(
                        "scores of nobody",
                        request -> request.getScoringBuilder().setScoresOf("nobody"),
                        ErrorCode.INVALID_ARGUMENT,
                        "scoring.scores_of"),
                new BadRequest(
                        "scores of another criterion",
                        request -> request.getScoringBuilder()
                                .setCriterion("wanda")
                                .setScoresOf(GOOD),
                        ErrorCode.INVALID_ARGUMENT,
                        "scoring.scores_of"),
                new BadRequest(
                        "one of several outputs that exists",
                        request -> request.getPruningBuilder()
                                .clearUnitRatio()
                                .addBudgets(Budget.newBuilder().setUnitRatio(0.2))
                                .addBudgets(
                                        Budget.newBuilder().setUnitRatio(0.4).setOutput(GOOD)),
                        ErrorCode.ALREADY_EXISTS,
                        "pruning.budgets[1].output"),
                target(
                        "adapters beside weights that became zero",
                        "recovery.lora",
                        request -> request.getRecoveryBuilder().getLoraBuilder()),
                new BadRequest(
                        "recovery with larger batches than the text",
                        request -> request.getRecoveryBuilder()
                                .setSamples(100_000)
                                .getLocalBuilder()
                                .setBatch(90_000),
                        ErrorCode.INVALID_ARGUMENT,
                        "recovery.samples"),
                new BadRequest(
                        "output that exists", request -> request.setOutput(GOOD), ErrorCode.ALREADY_EXISTS, "output"),
                new BadRequest(
                        "output outside the root",
                        request -> request.setOutput("../elsewhere"),
                        ErrorCode.MODEL_URI_FORBIDDEN,
                        "output"),
                new BadRequest(
                        "reserved output",
                        request -> request.setOutput("work/mine"),
                        ErrorCode.INVALID_ARGUMENT,
                        "output"));
    }

    private static BadRequest model(String what, String path, ErrorCode code, String names) {
        return new BadRequest(what, request -> request.setModel(path), code, names);
    }

    private static BadRequest ratio(String what, double ratio) {
        return new BadRequest(
                what,
                request -> request.getPruningBuilder().setUnitRatio(ratio),
                ErrorCode.INVALID_ARGUMENT,
                "pruning.unit_ratio");
    }

    private static BadRequest target(String what, String names, Consumer<PruneRequest.Builder> change) {
        return new BadRequest(
                what,
                request -> {
                    request.getPruningBuilder().clearUnitRatio().setTarget("2:4");
                    change.accept(request);
                },
                ErrorCode.INVALID_ARGUMENT,
                names);
    }

    private static BadRequest layers(String what, String layers) {
        return new BadRequest(
                what,
                request -> request.getPruningBuilder().setLayers(layers),
                ErrorCode.INVALID_ARGUMENT,
                "pruning.layers");
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void aRequestThatCannotSucceedFailsOnceAndSaysWhy(BadRequest bad) {
        // When
        JobEvent end = stack.awaitEnd(bad.request().getRequestId());

        // Then
        assertThat(end.getEventCase()).isEqualTo(EventCase.FAILED);
        assertThat(end.getFailed().getCode()).isEqualTo(bad.code().name());
        assertThat(end.getFailed().getMessage())
                .contains(bad.names())
                .doesNotContain(stack.folders().models().getParent().toString())
                .doesNotContain("/etc");
        assertThat(goodFiles()).isEqualTo(goodFiles);
    }

    /** What a request that was met once left behind. */
    private static Map<String, String> goodFiles() {
        return Manifest.filesOf(stack.folders().artifacts().resolve(GOOD));
    }

    @Test
    void aFolderThatCannotBeWrittenLeavesItsCauseInTheWorkersLog() throws Exception {
        // Given
        PruneRequest request = Requests.small("nowhere-to-work");
        Files.writeString(stack.folders().work().resolve(request.getRequestId()), "in the way");

        // When
        JobEvent end = stack.run(request);

        // Then
        assertThat(end.getFailed().getCode()).isEqualTo(ErrorCode.INTERNAL.name());
        stack.services().awaitLogged("scorer", "Caused by: java.nio.file.");
    }

    @Test
    void bytesThatAreNoRequestAreDeadLetteredOnceAndHarmNothing() throws Exception {
        // Given
        PruneRequest next = Requests.small("after-poison");
        List<byte @Nullable []> poison = poison();

        // When
        List<String> positions = new ArrayList<>();
        for (byte @Nullable [] value : poison) {
            positions.add(position(send(0, value)));
        }
        send(0, next.toByteArray());

        // Then
        assertThat(stack.awaitEnd("after-poison").getEventCase()).isEqualTo(EventCase.COMPLETED);
        List<Headers> letters = stack.log().records("prune-requests-dlt").stream()
                .map(ConsumerRecord::headers)
                .toList();
        assertThat(letters)
                .extracting(headers -> header(headers, "dlt-topic") + "-" + header(headers, "dlt-partition") + "-"
                        + header(headers, "dlt-offset"))
                .containsExactlyElementsOf(positions);
        assertThat(letters).allSatisfy(headers -> {
            assertThat(header(headers, "dlt-code")).isIn("MALFORMED_MESSAGE", "INVALID_ARGUMENT");
            assertThat(header(headers, "dlt-reason")).isNotBlank();
        });
    }

    private static List<byte @Nullable []> poison() {
        byte[] request = Requests.small("cut").toByteArray();
        byte[] noise = new byte[300];
        new Random(1).nextBytes(noise);
        List<byte @Nullable []> poison = new ArrayList<>();
        poison.add(noise);
        // As large as the broker accepts: whatever is said of such a record must not grow over it.
        byte[] much = new byte[1_048_350];
        new Random(2).nextBytes(much);
        poison.add(much);
        poison.add(bytes("{\"model\": \"%s\"}".formatted("x".repeat(1_048_300))));
        poison.add(Arrays.copyOf(request, request.length - 1));
        poison.add(new byte[0]);
        poison.add(null);
        poison.add(bytes("please prune my model"));
        poison.add(bytes("{\"model\": \"llama\", "));
        poison.add(bytes("{\"model\": \"llama\", \"prunning\": {}}"));
        poison.add(bytes("{\"seed\": 1}"));
        for (int seed = poison.size(); seed < POISON; seed++) {
            poison.add(Poison.of(new Random(seed)));
        }
        return poison;
    }

    @Test
    void theSameRequestThreeTimesIsOneJob() throws Exception {
        // Given
        PruneRequest request = Requests.small("repeated");
        stack.client().submit(request);
        stack.client().submit(request);
        JobEvent end = stack.awaitEnd("repeated");

        // When
        stack.client().submit(request);

        // Then
        awaitConflict(request.toBuilder().setSeed(99).build());
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(stack.log().events("repeated"))
                .filteredOn(JobEvent::hasAccepted)
                .hasSize(1);
        assertThat(stack.log().evaluations("repeated")).hasSize(1);
    }

    @Test
    void anotherBodyUnderAKnownIdIsDeadLetteredAndTheFirstJobGoesOn() throws Exception {
        // Given
        PruneRequest first = Requests.small("contested");
        stack.client().submit(first);

        // When
        String reason = awaitConflict(first.toBuilder().setSeed(99).build());

        // Then
        assertThat(reason).contains("contested").contains("request_id");
        assertThat(stack.awaitEnd("contested").getEventCase()).isEqualTo(EventCase.COMPLETED);
        assertThat(stack.awaitEnd("contested").getCompleted().getProvenance().getSeed())
                .isEqualTo(first.getSeed());
    }

    /** Publishes a body that contradicts an earlier one and waits for its dead letter, which all before it precede. */
    private static String awaitConflict(PruneRequest other) {
        stack.client().submit(other);
        ConsumerRecord<String, byte[]> letter = Awaitility.await()
                .atMost(Stack.LIMIT)
                .until(
                        () -> stack.log().records("accepted-requests-dlt", other.getRequestId()),
                        letters -> letters.size() == 1)
                .get(0);
        assertThat(header(letter.headers(), "dlt-code")).isEqualTo("ALREADY_EXISTS");
        return header(letter.headers(), "dlt-reason");
    }

    @Test
    void aFieldOfALaterVersionIsAccepted() throws Exception {
        // Given
        PruneRequest request = Requests.small("from-the-future").toBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                4711,
                                UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build())
                .build();

        // When
        JobEvent end = stack.run(request);

        // Then
        assertThat(end.getEventCase()).isEqualTo(EventCase.COMPLETED);
    }

    @Test
    void aRequestWithoutIdAndKeyIsNamedByItsPosition() throws Exception {
        // Given
        byte[] anonymous =
                Requests.small("").toBuilder().clearRequestId().build().toByteArray();

        // When
        RecordMetadata at = send(2, anonymous);

        // Then
        assertThat(stack.awaitEnd(position(at)).getEventCase()).isEqualTo(EventCase.COMPLETED);
    }

    private static RecordMetadata send(int partition, byte @Nullable [] value) throws Exception {
        return producer.send(new ProducerRecord<>("prune-requests", partition, null, value))
                .get();
    }

    private static String position(RecordMetadata at) {
        return at.topic() + "-" + at.partition() + "-" + at.offset();
    }

    private static String header(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
