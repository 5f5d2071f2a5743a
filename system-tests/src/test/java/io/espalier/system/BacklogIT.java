package io.espalier.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.v1.JobEvent;
import io.espalier.v1.JobEvent.EventCase;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** More requests at once than a stage works on at a time. */
class BacklogIT extends SoundStack {
    private static final int JOBS = 16;
    /** Of the default of eight jobs a stage works on, the share of each of the four partitions. */
    private static final int UNDER_WAY = 2;

    /** When the scorer worked on a job: from its first task until it was handed on, as milliseconds since the epoch. */
    private record Span(long from, long to) {}

    @Test
    void theScorerFinishesWhatItHasBegunBeforeItBeginsMore() {
        // Given
        List<String> jobs =
                IntStream.range(0, JOBS).mapToObj(i -> "backlog-" + i).toList();

        // When
        jobs.forEach(job -> stack.client().submit(Requests.magnitude(job)));

        // Then
        assertThat(jobs).allSatisfy(job -> assertThat(stack.awaitEnd(job).hasCompleted())
                .isTrue());
        Collection<List<Span>> partitions = jobs.stream()
                .collect(Collectors.groupingBy(
                        BacklogIT::partition, Collectors.mapping(BacklogIT::span, Collectors.toList())))
                .values();
        assertThat(partitions).anySatisfy(spans -> assertThat(spans).hasSizeGreaterThan(UNDER_WAY));
        assertThat(partitions).allSatisfy(spans -> assertThat(spans)
                .allSatisfy(span -> assertThat(underWay(spans, span.from())).isLessThanOrEqualTo(UNDER_WAY)));
    }

    private static long underWay(List<Span> spans, long time) {
        return spans.stream()
                .filter(span -> span.from() <= time && time < span.to())
                .count();
    }

    private static int partition(String job) {
        return stack.log().records("accepted-requests", job).get(0).partition();
    }

    private static Span span(String job) {
        long begun = stack.log().records("score-tasks", job).get(0).timestamp();
        long handedOn = stack.log().records("job-events", job).stream()
                .filter(record -> isHandedOn(TopicLog.event(record)))
                .mapToLong(ConsumerRecord::timestamp)
                .findFirst()
                .orElseThrow();
        return new Span(begun, handedOn);
    }

    private static boolean isHandedOn(JobEvent event) {
        return event.getStage().equals("scorer") && event.getEventCase() == EventCase.STAGE_FINISHED;
    }
}
