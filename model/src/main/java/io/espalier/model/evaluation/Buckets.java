package io.espalier.model.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Token sequences of unequal lengths, sorted into buckets of windows of one length: shorter ones are filled up at their end,
 * where no token before sees it. A bucket has few wasted tokens, or is small.
 */
final class Buckets {
    /** Of a bucket's length, what one part in so many may be filler. */
    private static final int FILLER_SHARE = 8;

    /** Tokens under which a bucket takes shorter sequences too: a matrix product with fewer rows is slower per row. */
    private static final int SMALL = 512;

    private Buckets() {}

    /**
     * @param length tokens per window
     * @param members indexes of the sequences
     */
    record Bucket(int length, List<Integer> members) {
        Bucket {
            members = List.copyOf(members);
        }

        int tokens() {
            return length * members.size();
        }

        /** [members][length]; the last token of each sequence fills it up. */
        int[][] windows(List<ScoredSequence> sequences) {
            return members.stream()
                    .map(member -> filled(sequences.get(member).ids()))
                    .toArray(int[][]::new);
        }

        private int[] filled(int[] ids) {
            return IntStream.range(0, length)
                    .map(i -> ids[Math.min(i, ids.length - 1)])
                    .toArray();
        }

        /** Parts of at most so many tokens, at least one window each. */
        List<Bucket> parts(long tokens) {
            int most = (int) Math.max(1, Math.min(members.size(), tokens / length));
            List<Bucket> parts = new ArrayList<>();
            for (int start = 0; start < members.size(); start += most) {
                parts.add(new Bucket(length, members.subList(start, Math.min(members.size(), start + most))));
            }
            return parts;
        }
    }

    /** Buckets of all sequences, the longest first. */
    static List<Bucket> of(List<ScoredSequence> sequences) {
        List<Integer> longestFirst = IntStream.range(0, sequences.size())
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> -sequences.get(i).ids().length)
                        .thenComparing(Comparator.naturalOrder()))
                .toList();
        List<Bucket> buckets = new ArrayList<>();
        List<Integer> members = new ArrayList<>();
        int length = 0;
        for (int next : longestFirst) {
            int own = sequences.get(next).ids().length;
            boolean full = length * members.size() >= SMALL && (length - own) * FILLER_SHARE > length;
            if (full) {
                buckets.add(new Bucket(length, members));
                members = new ArrayList<>();
            }
            if (members.isEmpty()) {
                length = own;
            }
            members.add(next);
        }
        buckets.add(new Bucket(length, members));
        return buckets;
    }

    /** Buckets that pass a model together: at most so many tokens, at least one window. */
    static List<List<Bucket>> passes(List<Bucket> buckets, long tokens) {
        List<List<Bucket>> passes = new ArrayList<>();
        List<Bucket> pass = new ArrayList<>();
        long taken = 0;
        for (Bucket part : buckets.stream()
                .flatMap(bucket -> bucket.parts(tokens).stream())
                .toList()) {
            if (!pass.isEmpty() && taken + part.tokens() > tokens) {
                passes.add(pass);
                pass = new ArrayList<>();
                taken = 0;
            }
            pass.add(part);
            taken += part.tokens();
        }
        passes.add(pass);
        return passes;
    }
}
