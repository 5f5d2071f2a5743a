package io.espalier.benchmarks.shape;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Windows of tokens that mean nothing; a model of random weights knows no better. */
public final class RandomWindows {
    private RandomWindows() {}

    /** @return [n][length] token ids, the same for the same arguments */
    public static int[][] of(int vocabulary, int n, int length) {
        SplittableRandom random = new SplittableRandom(n);
        return IntStream.range(0, n)
                .mapToObj(window -> random.ints(length, 0, vocabulary).toArray())
                .toArray(int[][]::new);
    }
}
