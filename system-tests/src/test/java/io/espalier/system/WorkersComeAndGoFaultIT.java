package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.cli.stack.ServiceProcess;
import io.espalier.pipeline.topic.StageTopics;
import io.espalier.pipeline.topic.TopicFile;
import io.espalier.v1.TaskResult;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A scorer joins, and five seconds later one goes that has a task in hand: killed, or told to stop, in turns. */
@Tag("soak")
class WorkersComeAndGoFaultIT extends FaultStack {
    private static final Logger LOG = LoggerFactory.getLogger(WorkersComeAndGoFaultIT.class);
    private static final Duration STEP = Duration.ofSeconds(5);
    private static final Duration STALL = Duration.ofSeconds(30);
    private static final int UNDER_WAY = 3;

    private final List<String> jobs = new ArrayList<>();

    /** Tasks that workers began, and those of them that were begun again. */
    private record Work(long begun, long again) {}

    @Test
    void everyTaskInTheHandsOfAScorerThatGoesIsDoneOnceMore() throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-small", Requests::small);

        // When
        int gone = comeAndGo("coming", 2);

        // Then
        assertNothingIsLost(faultFree, gone);
    }

    @Test
    void inAMinuteNoMoreThanATenthOfTheWorkIsDoneTwice() throws Exception {
        // Given
        Outcome faultFree = faultFree("fault-free-small", Requests::small);

        // When
        int gone = comeAndGo("staying", 6);

        // Then
        Work work = assertNothingIsLost(faultFree, gone);
        assertThat(work.again()).isLessThanOrEqualTo(work.begun() / 10);
    }

    /** @return how many scorers went with a task in hand */
    private int comeAndGo(String name, int times) throws Exception {
        long next = System.nanoTime();
        for (int i = 0; i < times; i++) {
            stack.services().launch("scorer");
            next = workUntil(name, next + STEP.toNanos());
            TaskResult inHand = stack.freezeWorkerWithTaskInHand("scorer", jobs);
            end(stack.services().named(inHand.getWorker()), i % 2 == 0);
            next = workUntil(name, next + STEP.toNanos());
        }
        jobs.forEach(stack::awaitEnd);
        return times;
    }

    private static void end(ServiceProcess scorer, boolean abruptly) throws IOException, InterruptedException {
        if (abruptly) {
            Services.kill(scorer);
        } else {
            scorer.requestStop();
            Services.unfreeze(scorer);
        }
    }

    /** Keeps the scorers busy. */
    private long workUntil(String name, long nanoTime) throws InterruptedException {
        while (System.nanoTime() < nanoTime) {
            while (jobs.stream()
                            .filter(job -> stack.log().terminalEvents(job).isEmpty())
                            .count()
                    < UNDER_WAY) {
                String job = name + "-" + jobs.size();
                stack.client().submit(Requests.small(job));
                jobs.add(job);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return nanoTime;
    }

    private Work assertNothingIsLost(Outcome faultFree, int gone) {
        assertThat(jobs).allSatisfy(job -> {
            assertThat(stack.awaitEnd(job).hasCompleted()).isTrue();
            assertThat(Outcome.of(stack, job)).isEqualTo(faultFree);
        });
        assertThat(stack.log().deadLetters()).isEmpty();
        Work work = work();
        Duration stall = longestStall();
        LOG.info(
                "{} jobs, {} tasks begun, {} of them again, longest stall {} ms",
                jobs.size(),
                work.begun(),
                work.again(),
                stall.toMillis());
        assertThat(work.again()).isLessThanOrEqualTo(gone);
        assertThat(stall).isLessThan(STALL);
        return work;
    }

    private Work work() {
        List<TaskResult> results =
                jobs.stream().flatMap(job -> stack.log().results(job).stream()).toList();
        long begun = results.stream()
                .filter(TaskResult::hasProgress)
                .map(start -> List.of(start.getJobId(), start.getTaskId(), start.getAttempt(), start.getWorker()))
                .distinct()
                .count();
        long tasks = results.stream()
                .map(result -> List.of(result.getJobId(), result.getTaskId()))
                .distinct()
                .count();
        return new Work(begun, begun - tasks);
    }

    /** Between two things that any worker said; nobody is silent while there is work. */
    private Duration longestStall() {
        long[] times = TopicFile.declared().stages().stream()
                .map(StageTopics::results)
                .flatMap(topic -> jobs.stream().flatMap(job -> stack.log().records(topic, job).stream()))
                .mapToLong(ConsumerRecord::timestamp)
                .sorted()
                .toArray();
        return Duration.ofMillis(IntStream.range(1, times.length)
                .mapToLong(i -> times[i] - times[i - 1])
                .max()
                .orElse(0));
    }
}
