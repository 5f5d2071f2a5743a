package io.espalier.system;

import io.espalier.v1.Budget;
import io.espalier.v1.JobEvent;
import io.espalier.v1.PruneRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Records what a build leaves behind, for the builds to come: three stacks, one that was stopped after its jobs had
 * ended and two that were killed with jobs in flight. The README of each recording says what came of it.
 */
final class UpgradeRecorder {
    private final Path build;
    private final Path inputs;
    private final Path out;
    private final Path states;

    private UpgradeRecorder(Path build, Path inputs, Path out, Path states) {
        this.build = build;
        this.inputs = inputs;
        this.out = out;
        this.states = states;
    }

    /** Arguments: the checkout of the build, the folder of its inputs, the folder to write to, which must not exist. */
    public static void main(String[] arguments) throws Exception {
        Path states = Files.createTempDirectory("espalier-upgrade-");
        UpgradeRecorder recorder = new UpgradeRecorder(
                absolute(arguments[0]), absolute(arguments[1]), Files.createDirectory(absolute(arguments[2])), states);
        recorder.ended();
        recorder.killed();
        recorder.killedInChain();
    }

    private static Path absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize();
    }

    private BuiltStack up(String recording) throws IOException {
        return BuiltStack.up(
                build, inputs, states.resolve(recording), out.resolve(recording).resolve("artifacts"));
    }

    /** Every kind of job whose messages or files differ, each to its end. */
    private void ended() throws IOException, InterruptedException, ExecutionException {
        BuiltStack stack = up("ended");

        PruneRequest.Builder units = small("units-fms");
        units.getEvaluationBuilder().clearSkipSpeed();
        stack.run(units.build());

        PruneRequest.Builder budgets = small("units-obs");
        budgets.getScoringBuilder().setCriterion("obs");
        budgets.getPruningBuilder()
                .clearUnitRatio()
                .addBudgets(Budget.newBuilder().setParameterRatio(0.2))
                .addBudgets(Budget.newBuilder().setBytes(120_000).setOutput("units-obs-small"));
        stack.run(budgets.build());

        PruneRequest.Builder masks = small("masks-wanda");
        masks.getScoringBuilder().setCriterion("wanda");
        masks.getPruningBuilder().clearUnitRatio().setTarget("2:4");
        stack.run(masks.build());
        masks.setRequestId("masks-sparsegpt").getScoringBuilder().setCriterion("sparsegpt");
        stack.run(masks.build());

        PruneRequest.Builder layers = small("layers");
        layers.getPruningBuilder().setTarget("layers");
        stack.run(layers.build());

        PruneRequest.Builder worth = small("units-worth");
        worth.getScoringBuilder().setControls("perplexity");
        worth.getScoringBuilder().getGradientBuilder().setCompare("backprop");
        stack.run(worth.build());

        PruneRequest.Builder failed = small("failed");
        failed.getPruningBuilder().setLayers("2:9");
        stack.run(failed.build());

        PruneRequest cancelled = slowScoring("cancelled").build();
        stack.client().submit(cancelled);
        stack.awaitDone("cancelled", "losses", 1);
        stack.client().cancel("cancelled", "changed my mind");
        stack.awaitEnd("cancelled");

        submitByHand(stack.bootstrap());
        stack.awaitEnd("reuse");
        stack.client().submit(small("units-fms").setSeed(8).build());
        stack.await("two dead letters", () -> stack.log().deadLetters().size() == 2);

        stack.stop();
        stack.record(out.resolve("ended"));
    }

    /** As a user without Espalier's classes would: something that is no request, then a request as JSON. */
    private static void submitByHand(String bootstrap) throws InterruptedException, ExecutionException {
        Properties kafka = new Properties();
        kafka.setProperty("bootstrap.servers", bootstrap);
        String json = """
                {"model": "llama", "seed": 7,
                 "calibration": {"text": "calibration.txt", "samples": 8, "sequence_length": 32},
                 "scoring": {"gradient": {"draws": 2}, "scores_of": "units-fms"},
                 "pruning": {"unit_ratio": 0.5, "layers": "all", "round_to": 8},
                 "evaluation": {"text": "evaluation.txt", "sequence_length": 32, "max_windows": 8, "skip_speed": true}}
                """;
        RecordHeaders headers = new RecordHeaders();
        headers.add("content-type", "application/json".getBytes(StandardCharsets.UTF_8));
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(kafka, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            "prune-requests",
                            "no-request",
                            "these bytes are no request".getBytes(StandardCharsets.UTF_8)))
                    .get();
            producer.send(new ProducerRecord<>(
                            "prune-requests", null, "reuse", json.getBytes(StandardCharsets.UTF_8), headers))
                    .get();
        }
    }

    /** A job in flight at each stage, and a request that nobody has read. */
    private void killed() throws IOException, InterruptedException, ExecutionException {
        BuiltStack stack = up("killed");

        stack.pause("evaluator");
        stack.client().submit(small("evaluating").build());
        stack.await(
                "a task for the evaluator",
                () -> !stack.log().records("evaluation-tasks", "evaluating").isEmpty());

        PruneRequest.Builder committing = slow("committing");
        committing.getScoringBuilder().setCriterion("magnitude");
        committing
                .getPruningBuilder()
                .clearUnitRatio()
                .addBudgets(Budget.newBuilder().setUnitRatio(0.34))
                .addBudgets(Budget.newBuilder().setUnitRatio(0.5));
        stack.client().submit(committing.build());
        // It finishes what it has in hand, which decides the artifacts, and leaves the commits to others.
        stack.awaitInHand("committing", "prune-2");
        stack.pause("pruner");
        stack.await(
                "both artifacts decided",
                () -> stack.log().events("committing").stream()
                                .filter(JobEvent::hasArtifactCommitted)
                                .count()
                        == 2);

        stack.client().submit(slowScoring("scoring").build());
        stack.awaitDone("scoring", "losses", 2);
        stack.freeze("scorer-1");
        stack.client().submit(small("unread").build());

        stack.kill();
        stack.record(out.resolve("killed"));
    }

    /** A job in a pass that cannot be split and has saved its position. */
    private void killedInChain() throws IOException, InterruptedException, ExecutionException {
        BuiltStack stack = up("killed-in-chain");

        PruneRequest.Builder chaining = small("chaining");
        chaining.getScoringBuilder().setCriterion("obs");
        stack.client().submit(chaining.build());
        Path position = out.resolve("killed-in-chain/artifacts/work/chaining/chain");
        stack.await("a saved position", () -> Files.isDirectory(position));
        stack.freeze("scorer-1");

        stack.kill();
        stack.record(out.resolve("killed-in-chain"));
    }

    /** All of the pipeline with as little arithmetic and as small files as it takes. */
    private static PruneRequest.Builder small(String job) {
        PruneRequest.Builder request = Requests.small(job).toBuilder();
        request.getPruningBuilder().setRoundTo(8);
        return request;
    }

    /** Tasks that take long enough to be caught in the middle. */
    private static PruneRequest.Builder slow(String job) {
        PruneRequest.Builder request = small(job);
        request.getCalibrationBuilder().setSamples(256).setSequenceLength(64);
        return request;
    }

    private static PruneRequest.Builder slowScoring(String job) {
        PruneRequest.Builder request = slow(job);
        request.getScoringBuilder().getGradientBuilder().setDraws(64);
        return request;
    }
}
