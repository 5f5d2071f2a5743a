package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.system.Chaos.Fault;
import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import io.espalier.v1.PruneRequest;
import io.espalier.v1.TaskResult;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Small jobs one after the other, while every few seconds something breaks. */
@Tag("soak")
class ChaosSoakIT {
    private static final Logger LOG = LoggerFactory.getLogger(ChaosSoakIT.class);
    private static final Duration LENGTH = Duration.ofMinutes(Integer.getInteger("espalier.soak.minutes", 30));
    private static final long SEED = Long.getLong("espalier.soak.seed", 1);
    private static final int UNDER_WAY = 6;
    private static final int MOST_MILLIS_BETWEEN_FAULTS = 7000;
    /** Sockets come and go with brokers and workers; a leak would show in every job or fault. */
    private static final long MORE_OPEN_FILES = 50;

    /** By the name with which a job's id begins. Of short ones there are more. */
    private static final Map<String, Function<String, PruneRequest>> KINDS = new TreeMap<>(Map.of(
            "small", Requests::small,
            "magnitude", Requests::magnitude,
            "scoring", Requests::slowScoring,
            "chain", Requests::slowChain,
            "recovery", Requests::slowRecovery,
            "pruning", Requests::slowPruning));

    private static final List<String> MIXTURE = List.of(
            "small",
            "small",
            "small",
            "small",
            "magnitude",
            "magnitude",
            "magnitude",
            "magnitude",
            "scoring",
            "chain",
            "recovery",
            "pruning");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path folder;

    private final List<PruneRequest> submitted = new ArrayList<>();

    @Test
    void everyPromiseHoldsOfAStreamOfJobsUnderChaos() throws Exception {
        try (Stack stack = Stack.start(Folders.of(folder));
                Chaos chaos = new Chaos(stack, SEED)) {
            // Given
            Map<String, Outcome> faultFree = new HashMap<>();
            KINDS.forEach((kind, request) -> {
                stack.run(request.apply(kind));
                faultFree.put(kind, Outcome.of(stack, kind));
            });
            Map<String, Vitals> before = vitals(stack);
            long begin = System.nanoTime();

            // When
            rage(stack, chaos);

            // Then
            long seconds = Duration.ofNanos(System.nanoTime() - begin).toSeconds();
            awaitAnswers(stack, chaos);
            Map<String, Vitals> after = vitals(stack);
            Map<EventCase, Long> ends = submitted.stream()
                    .collect(Collectors.groupingBy(
                            request -> stack.awaitEnd(request.getRequestId()).getEventCase(),
                            TreeMap::new,
                            Collectors.counting()));
            LOG.info(
                    "seed={} seconds={} jobs={} ({} complete a minute) faults={} tasks done again={} before={} after={}",
                    SEED,
                    seconds,
                    ends,
                    Math.round(600.0 * ends.getOrDefault(EventCase.COMPLETED, 0L) / seconds) / 10.0,
                    new TreeMap<>(chaos.done()),
                    doneAgain(stack),
                    before,
                    after);
            assertThat(chaos.endedByThemselves()).isEmpty();
            assertThat(stack.log().acceptedJobs()).containsAll(ids());
            new PipelineVerifier(stack).verifyWithCompletion();
            assertThat(submitted).allSatisfy(request -> endsAsItMust(stack, request, faultFree));
            assertThat(deadLetters(stack)).isEqualTo(expectedDeadLetters(chaos));
            assertThat(doneAgain(stack)).isLessThanOrEqualTo(inHandOfVictims(chaos));
            after.forEach((process, vitals) -> assertThat(vitals.openFiles())
                    .as("open files of " + process)
                    .isLessThan(before.get(process).openFiles() + MORE_OPEN_FILES));
        }
    }

    private void rage(Stack stack, Chaos chaos) throws Exception {
        Random random = new Random(SEED);
        List<PruneRequest> underWay = new ArrayList<>();
        long end = System.nanoTime() + LENGTH.toNanos();
        long nextFault = System.nanoTime();
        while (System.nanoTime() < end) {
            underWay.removeIf(request ->
                    !stack.log().terminalEvents(request.getRequestId()).isEmpty());
            while (underWay.size() < UNDER_WAY) {
                String kind = MIXTURE.get(random.nextInt(MIXTURE.size()));
                PruneRequest request = KINDS.get(kind).apply(kind + "-" + submitted.size());
                stack.client().submit(request);
                submitted.add(request);
                underWay.add(request);
            }
            if (System.nanoTime() >= nextFault) {
                chaos.strike(underWay);
                nextFault =
                        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(MOST_MILLIS_BETWEEN_FAULTS));
            }
            chaos.wakeUp();
            TimeUnit.MILLISECONDS.sleep(50);
        }
        chaos.end();
    }

    /** Everything sent has been answered: each job has ended, and each record that is no request is set aside. */
    private void awaitAnswers(Stack stack, Chaos chaos) {
        submitted.forEach(request -> stack.awaitEnd(request.getRequestId()));
        Awaitility.await("dead letters")
                .atMost(Stack.LIMIT)
                .until(() ->
                        stack.log().deadLetters().size() >= chaos.done(Fault.POISON) + chaos.done(Fault.CONTRADICT));
    }

    private List<String> ids() {
        return submitted.stream().map(PruneRequest::getRequestId).toList();
    }

    /** Only who was cancelled does not complete; the scores and files of the others are those of a run without faults. */
    private static void endsAsItMust(Stack stack, PruneRequest request, Map<String, Outcome> faultFree) {
        String job = request.getRequestId();
        JobEvent end = stack.awaitEnd(job);
        assertThat(end.getEventCase()).as(end.toString()).isIn(EventCase.COMPLETED, EventCase.CANCELLED);
        if (end.hasCompleted()) {
            assertThat(Outcome.of(stack, job)).as(job).isEqualTo(faultFree.get(job.substring(0, job.indexOf('-'))));
        } else {
            assertThat(end.getCancelled().getReason()).isEqualTo("chaos");
        }
    }

    private static Map<String, Long> deadLetters(Stack stack) {
        return stack.log().deadLetters().stream()
                .collect(Collectors.groupingBy(ConsumerRecord::topic, Collectors.counting()));
    }

    private static Map<String, Long> expectedDeadLetters(Chaos chaos) {
        Map<String, Long> expected = new HashMap<>();
        expected.put("prune-requests-dlt", (long) chaos.done(Fault.POISON));
        expected.put("accepted-requests-dlt", (long) chaos.done(Fault.CONTRADICT));
        expected.values().removeIf(count -> count == 0);
        return expected;
    }

    /** How many results came of tasks that had one. */
    private long doneAgain(Stack stack) {
        return ids().stream()
                .flatMap(job -> stack.log().results(job).stream()
                        .filter(result -> !result.hasProgress() && !result.hasGivenBack())
                        .collect(Collectors.groupingBy(TaskResult::getTaskId, Collectors.counting()))
                        .values()
                        .stream())
                .mapToLong(times -> times - 1)
                .sum();
    }

    /** A worker has one task at a time; when the broker goes, all lose theirs. */
    private static int inHandOfVictims(Chaos chaos) {
        return chaos.done(Fault.KILL)
                + chaos.done(Fault.FREEZE)
                + chaos.done(Fault.LEAVE)
                + Chaos.MOST_WORKERS * chaos.done(Fault.BROKER_RESTART);
    }

    /** Of the processes that outlive the chaos. */
    private static Map<String, Vitals> vitals(Stack stack) throws IOException, InterruptedException {
        Map<String, Vitals> vitals = new TreeMap<>();
        for (ServiceProcess process : stack.services().all()) {
            if (process.launch().name().endsWith("-1")) {
                vitals.put(process.launch().name(), Vitals.of(stack.services(), process));
            }
        }
        return vitals;
    }
}
