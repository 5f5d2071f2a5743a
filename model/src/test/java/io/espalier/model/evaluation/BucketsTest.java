package io.espalier.model.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.espalier.model.evaluation.Buckets.Bucket;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BucketsTest {
    private static final List<ScoredSequence> CHOICES = choices(500);

    private static List<ScoredSequence> choices(int count) {
        SplittableRandom random = new SplittableRandom(3);
        return IntStream.range(0, count)
                .mapToObj(i -> new ScoredSequence(
                        IntStream.rangeClosed(1, 2 + random.nextInt(150)).toArray(), 1))
                .toList();
    }

    @Test
    void holdEverySequenceOnceAndWhole() {
        List<Bucket> buckets = Buckets.of(CHOICES);

        assertThat(buckets.stream().flatMap(bucket -> bucket.members().stream()))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, CHOICES.size()).boxed().toList());
        for (Bucket bucket : buckets) {
            int[][] windows = bucket.windows(CHOICES);
            for (int i = 0; i < windows.length; i++) {
                assertThat(windows[i])
                        .hasSize(bucket.length())
                        .startsWith(CHOICES.get(bucket.members().get(i)).ids());
            }
        }
    }

    @Test
    void wasteFewTokens() {
        int tokens = CHOICES.stream().mapToInt(choice -> choice.ids().length).sum();

        int filled = Buckets.of(CHOICES).stream().mapToInt(Bucket::tokens).sum();

        assertThat(filled).isBetween(tokens, tokens * 9 / 8);
    }

    @Test
    void passTogetherWhatTheMemoryHolds() {
        List<List<Bucket>> passes = Buckets.passes(Buckets.of(CHOICES), 1000);

        assertThat(passes.stream().flatMap(List::stream).flatMap(bucket -> bucket.members().stream()))
                .hasSize(CHOICES.size());
        assertThat(passes)
                .allSatisfy(pass ->
                        assertThat(pass.stream().mapToInt(Bucket::tokens).sum()).isLessThanOrEqualTo(1000));
    }

    @Test
    void takeOneWindowAtATimeWhereTheMemoryHoldsNotEvenThat() {
        List<List<Bucket>> passes = Buckets.passes(Buckets.of(CHOICES.subList(0, 5)), 1);

        assertThat(passes.stream().map(pass -> pass.get(0).members().size()).collect(Collectors.toList()))
                .containsOnly(1)
                .hasSize(5);
    }
}
